//! Coming back: whatever happened meanwhile, there is no silent hole (I6, I7, I9).

use serde_json::{Value, json};
use testkit::{Live, Person};
use uuid::Uuid;

use crate::server::Server;

/// The replayed events of a room, up to `ready`.
async fn until_ready(live: &mut Live, room: &str) -> Vec<u64> {
    let mut seqs = Vec::new();
    loop {
        let event = live.any_event().await;
        if event["type"] == "ready" {
            return seqs;
        }
        if event["room_id"] == room && event["seq"].is_u64() {
            seqs.push(event["seq"].as_u64().unwrap());
        }
    }
}

/// A room with this many events.
async fn room_with(server: &Server, owner: &Person, events: u64) -> String {
    let room = server.rest.room(owner).await;
    for n in 3..=events {
        assert_eq!(server.rest.say(owner, &room, &format!("{n}")).await, n);
    }
    room
}

#[tokio::test]
async fn each_way_to_go_on_is_chosen_by_what_the_client_has() {
    let server = Server::start(&[("CHAT_MAX_REPLAY_EVENTS", "10")]).await;
    let ada = server.rest.person("ada").await;
    let room = room_with(&server, &ada, 20).await;
    for (cursor, mode, from, replayed) in [
        (None, "live", 21, vec![]),
        (Some(20), "live", 21, vec![]),
        (Some(15), "replay", 16, (16..=20).collect()),
        (Some(10), "replay", 11, (11..=20).collect()),
        (Some(9), "resync", 21, vec![]),
        (Some(0), "resync", 21, vec![]),
        (Some(21), "reset", 21, vec![]),
    ] {
        let cursors = cursor.map_or(json!({}), |cursor: u64| json!({(room.as_str()): cursor}));
        let mut live = server.rest.live(&ada, cursors).await;
        let entry = live.started(&room);
        assert_eq!((&entry["mode"], &entry["from_seq"]), (&json!(mode), &json!(from)), "{cursor:?}");
        assert_eq!(entry["head_seq"], 20);
        assert_eq!(until_ready(&mut live, &room).await, replayed, "{cursor:?}");
        live.close().await;
    }
}

#[tokio::test]
async fn a_cursor_of_another_history_is_a_reset() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let room = room_with(&server, &ada, 5).await;
    for (epoch, mode) in [(json!("another"), "reset"), (Value::Null, "replay")] {
        let mut live = server.rest.socket(&ada).await;
        let started = live.ask("start", json!({"epoch": epoch, "cursors": {(room.as_str()): 3}})).await;
        let rooms = started["data"]["rooms"].as_array().unwrap();
        let entry = rooms.iter().find(|entry| entry["room"]["id"] == room).unwrap();
        assert_eq!(entry["mode"], mode);
    }
}

#[tokio::test]
async fn live_events_follow_a_resync_at_once() {
    let server = Server::start(&[("CHAT_MAX_REPLAY_EVENTS", "5")]).await;
    let ada = server.rest.person("ada").await;
    let room = room_with(&server, &ada, 20).await;
    let mut live = server.rest.live(&ada, json!({(room.as_str()): 2})).await;
    assert_eq!(live.started(&room)["mode"], "resync");
    let seq = server.rest.say(&ada, &room, "live").await;
    let event = live.event("message.created").await;
    assert_eq!((seq, event["seq"].as_u64()), (21, Some(21)));
}

#[tokio::test]
async fn a_client_that_reconnects_again_and_again_under_load_gets_every_event_once() {
    let server = Server::start(&[("CHAT_MAX_REPLAY_EVENTS", "10000")]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    let sending = {
        let (rest, room) = (server.rest.clone(), room.clone());
        tokio::spawn(async move {
            let mut live = rest.live(&ada, json!({})).await;
            // In bursts: what is committed together is delivered in one piece, of which somebody may need only a part.
            for burst in 0..30 {
                for n in 0..50 {
                    let (body, id) = (format!("{burst}/{n}"), Uuid::new_v4());
                    live.send("message.send", json!({"room_id": room, "body": body, "client_msg_id": id})).await;
                }
                let mut unanswered = 50;
                while unanswered > 0 {
                    // Replies come in any order.
                    let frame = live.try_frame().await.expect("the socket stays open");
                    if frame["reply_to"].is_string() {
                        assert_eq!(frame["ok"], true, "{frame}");
                        unanswered -= 1;
                    }
                }
            }
        })
    };
    // room.created and two member.joined are before the first message.
    let mut cursor = 3;
    while cursor < 1_503 {
        let mut live = server.rest.live(&bob, json!({(room.as_str()): cursor})).await;
        let stop_at = (cursor + 40).min(1_503);
        while cursor < stop_at {
            let event = live.any_event().await;
            if event["room_id"] == room && event["seq"].is_u64() {
                assert_eq!(event["seq"], cursor + 1, "a hole, a repeat or a wrong order");
                cursor += 1;
            }
        }
        // Half of the time without a word.
        if cursor % 2 == 0 {
            live.close().await;
        }
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn a_restart_in_the_middle_changes_nothing_for_a_client_that_resumes() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let room = room_with(&server, &ada, 4).await;
    let live = server.rest.live(&ada, json!({})).await;
    let epoch = live.hello["data"]["epoch"].clone();
    let server = server.restart().await;
    assert_eq!(live.closed().await.code, 4400);
    server.rest.say(&ada, &room, "after").await;
    let mut live = server.rest.live(&ada, json!({(room.as_str()): 3})).await;
    assert_eq!(live.hello["data"]["epoch"], epoch);
    assert_eq!(until_ready(&mut live, &room).await, [4, 5]);
}

#[tokio::test]
async fn rooms_that_are_joined_and_left_elsewhere_come_and_go_on_open_sockets() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    let mut hers = server.rest.live(&ada, json!({})).await;
    let mut his = server.rest.live(&bob, json!({})).await;
    server.rest.join(&bob, &room).await;
    let added = his.event("room.added").await;
    assert_eq!((&added["data"]["room"]["id"], &added["data"]["mode"]), (&json!(room), &json!("live")));
    assert_eq!(added["data"]["from_seq"], 4, "one's own member.joined is in the head");
    assert_eq!(hers.event("member.joined").await["data"]["user"]["id"], bob.id);
    server.rest.say(&ada, &room, "welcome").await;
    assert_eq!(his.event("message.created").await["seq"], 4);
    server.rest.post(&format!("/v1/rooms/{room}/leave"), &bob.token, Value::Null).await.expect(204);
    assert_eq!(his.event("room.removed").await["room_id"], room);
    assert_eq!(hers.event("member.left").await["seq"], 5);
    server.rest.say(&ada, &room, "he cannot hear this").await;
    let global = his.rooms[0]["room"]["id"].as_str().unwrap().to_owned();
    server.rest.say(&ada, &global, "everybody can hear this").await;
    let next = his.event("message.created").await;
    assert_eq!(next["room_id"], global, "a message came from a room that was left");
}

#[tokio::test]
async fn a_room_that_is_made_or_joined_over_the_socket_is_followed_from_its_reply_on() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let mut hers = server.rest.live(&ada, json!({})).await;
    let mut other_device = server.rest.live(&ada, json!({})).await;
    let made = hers.ask("room.create", json!({"name": "made_here", "kind": "public"})).await;
    let room = made["data"]["room"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made["data"]["room"]["head_seq"], 2);
    assert_eq!(other_device.event("room.added").await["data"]["room"]["id"], room);
    let mut his = server.rest.live(&bob, json!({})).await;
    let joined = his.ask("room.join", json!({"room_id": room})).await;
    assert_eq!(joined["data"]["head_seq"], 3);
    let again = his.ask("room.join", json!({"room_id": room})).await;
    assert_eq!(again["data"]["head_seq"], 3, "joining again is no event");
    his.say(&room, "hello").await;
    for live in [&mut his, &mut hers, &mut other_device] {
        let event = live.event("message.created").await;
        assert_eq!(event["seq"], 4);
    }
    assert_eq!(his.ask("room.leave", json!({"room_id": room})).await["ok"], true);
    assert_eq!(his.say(&room, "gone").await["error"]["code"], "not-a-member");
}

#[tokio::test]
async fn a_user_in_two_hundred_rooms_full_of_metadata_can_start() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let (metadata, topic) = (json!({"key": "x".repeat(4_000)}), "t".repeat(1_000));
    for n in 0..200 {
        let room = json!({"name": format!("full_{n}"), "kind": "private", "metadata": metadata, "topic": topic});
        server.rest.post("/v1/rooms", &ada.token, room).await.expect(201);
    }
    let mut live = server.rest.live(&ada, json!({})).await;
    let mut rooms = live.rooms.len();
    loop {
        let event = live.any_event().await;
        match event["type"].as_str() {
            Some("rooms") => rooms += event["data"]["rooms"].as_array().unwrap().len(),
            Some("ready") => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rooms, 201);
}
