//! `kill -9` under load: what was acknowledged is there, once, in order, and the log has no hole (I1–I4, I26).

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{Person, Process, Rest};
use uuid::Uuid;

const NATTER: &str = env!("CARGO_BIN_EXE_natter");
const SENDERS: usize = 4;
/// Requests that each sender keeps in flight.
const IN_FLIGHT: usize = 16;
/// Acknowledgements after which the server is killed.
const KILLED_AFTER: usize = 400;

/// What a sender knows of a message.
#[derive(Clone)]
struct Sent {
    client_msg_id: Uuid,
    body: String,
    seq: Option<u64>,
}

/// Sends without a pause until the connection breaks; messages that were not acknowledged before come first.
async fn send_until_killed(rest: Rest, person: Person, room: String, name: String, mut sent: Vec<Sent>) -> Vec<Sent> {
    let mut live = rest.live(&person, json!({})).await;
    let mut waiting: HashMap<String, usize> = HashMap::new();
    let mut to_repeat: Vec<usize> = (0..sent.len()).filter(|index| sent[*index].seq.is_none()).collect();
    to_repeat.reverse();
    loop {
        while waiting.len() < IN_FLIGHT {
            let index = to_repeat.pop().unwrap_or_else(|| {
                let body = format!("{name} {}", sent.len());
                sent.push(Sent { client_msg_id: Uuid::new_v4(), body, seq: None });
                sent.len() - 1
            });
            let message = &sent[index];
            let data = json!({"room_id": room, "body": message.body, "client_msg_id": message.client_msg_id});
            waiting.insert(live.send("message.send", data).await, index);
        }
        let Some(frame) = live.try_frame().await else { return sent };
        let Some(index) = frame["reply_to"].as_str().and_then(|id| waiting.remove(id)) else { continue };
        if frame["ok"] == true {
            sent[index].seq = frame["data"]["seq"].as_u64();
        }
    }
}

async fn whole_log(rest: &Rest, person: &Person, room: &str) -> Vec<Value> {
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

fn check(log: &[Value], senders: &[Vec<Sent>]) {
    for (place, event) in (1..).zip(log) {
        assert_eq!(event["seq"].as_u64(), Some(place), "the log has a hole or a repeat");
    }
    let by_id: HashMap<&str, &Value> = log
        .iter()
        .filter(|event| event["type"] == "message.created")
        .map(|event| (event["data"]["client_msg_id"].as_str().unwrap(), event))
        .collect();
    let messages = log.iter().filter(|event| event["type"] == "message.created").count();
    assert_eq!(by_id.len(), messages, "a message is in the log twice");
    for sent in senders.iter().flatten() {
        let id = sent.client_msg_id.to_string();
        let found = by_id.get(id.as_str());
        if let Some(seq) = sent.seq {
            let event = found.unwrap_or_else(|| panic!("an acknowledged message is lost: {}", sent.body));
            assert_eq!(event["seq"].as_u64(), Some(seq), "an acknowledged message has moved: {}", sent.body);
        }
        assert!(found.is_none_or(|event| event["data"]["body"] == sent.body), "a body was altered: {}", sent.body);
    }
}

async fn start(data: &Path) -> Process {
    Process::start(NATTER, data, &[("CHAT_STORE_FULL_LOG", "true")]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_kills_under_pipelined_load_lose_repeat_and_reorder_nothing() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut server = start(&data).await;
    let mut people = Vec::new();
    for n in 0..SENDERS {
        people.push(server.rest().person(&format!("sender{n}")).await);
    }
    let room = server.rest().room(&people[0]).await;
    for person in &people[1..] {
        server.rest().join(person, &room).await;
    }
    let mut senders: Vec<Vec<Sent>> = vec![Vec::new(); SENDERS];
    for round in 1..=4 {
        let mut watcher = server.rest().live(&people[0], json!({})).await;
        let tasks: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(n, person)| {
                let (rest, person, room) = (server.rest(), person.clone(), room.clone());
                tokio::spawn(send_until_killed(rest, person, room, format!("{round}.{n}"), senders[n].clone()))
            })
            .collect();
        for _ in 0..KILLED_AFTER {
            watcher.event("message.created").await;
        }
        server.kill().await;
        for (n, task) in tasks.into_iter().enumerate() {
            senders[n] = task.await.unwrap();
        }
        server = start(&data).await;
        let log = whole_log(&server.rest(), &people[0], &room).await;
        check(&log, &senders);
        assert!(log.len() > KILLED_AFTER, "the load was no load");
    }
    repeat_what_is_unknown(&server.rest(), &people, &room, &mut senders).await;
    let log = whole_log(&server.rest(), &people[0], &room).await;
    check(&log, &senders);
    let total: usize = senders.iter().map(Vec::len).sum();
    assert_eq!(log.iter().filter(|event| event["type"] == "message.created").count(), total);
}

/// A repeat with the same id settles what the crashes left open (I4, I10).
async fn repeat_what_is_unknown(rest: &Rest, people: &[Person], room: &str, senders: &mut [Vec<Sent>]) {
    for (person, sent) in people.iter().zip(senders) {
        let mut live = rest.live(person, json!({})).await;
        for message in sent.iter_mut() {
            let data = json!({"room_id": room, "body": message.body, "client_msg_id": message.client_msg_id});
            let reply = live.ask("message.send", data).await;
            assert_eq!(reply["ok"], true, "{reply}");
            let seq = reply["data"]["seq"].as_u64();
            assert!(message.seq.is_none() || message.seq == seq, "a repeat was given another place");
            message.seq = seq;
        }
    }
}
