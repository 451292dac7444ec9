//! What must hold of a fleet's history, whatever has died meanwhile.

use std::collections::{HashMap, HashSet};

use natter_client::{Event, RoomId};
use serde_json::Value;
use testkit::{Person, Rest};

use crate::client::{Diary, Talker};

/// A room's whole log, as REST tells it.
pub(crate) async fn whole_log(rest: &Rest, person: &Person, room: RoomId) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event["seq"].as_u64().unwrap());
        let path = format!("/v1/rooms/{room}/events?after_seq={after}&limit=200");
        let page = rest.get(&path, &person.token).await.expect(200);
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            assert_eq!(page["head_seq"].as_u64(), Some(after));
            return events;
        }
        events.extend(items.iter().cloned());
    }
}

/// Checks what clients have lived through against the logs (I1 to I7).
pub(crate) fn check(logs: &HashMap<RoomId, Vec<Value>>, diaries: &[Diary]) {
    for (room, log) in logs {
        let places: Vec<u64> = log.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(places, (1..=log.len() as u64).collect::<Vec<_>>(), "the log of {room} has a hole or a repeat");
        let ids: Vec<&str> = log.iter().filter_map(|event| event["data"]["client_msg_id"].as_str()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "a message is in the log twice");
    }
    for diary in diaries {
        assert!(Talker::is_settled(diary), "something was never acknowledged");
        for sent in &diary.sent {
            let event = &logs[&sent.room][usize::try_from(sent.seq.unwrap()).unwrap() - 1];
            assert_eq!(event["data"]["body"], sent.body, "what was acknowledged is not what is there");
            assert_eq!(event["data"]["client_msg_id"], sent.client_msg_id.to_string());
        }
        for (room, log) in logs {
            let heard: Vec<Value> = diary.heard[room].iter().map(value).collect();
            let first = usize::try_from(heard[0]["seq"].as_u64().unwrap()).unwrap();
            assert_eq!(heard.len(), log.len() + 1 - first, "somebody has not heard everything");
            assert_eq!(heard[..], log[first - 1..], "what was heard is not what is in the log");
        }
    }
}

fn value(event: &Event) -> Value {
    serde_json::from_str(event.json()).unwrap()
}
