//! What the bus does not say, the store does (I8, I16): here the store changes behind the server's back, as if another
//! node had done it and the news were lost.

use std::collections::HashSet;

use rusqlite::{Connection, params};
use serde_json::json;
use uuid::Uuid;

use crate::server::Server;

/// More rooms, sessions or users than one question of a worker to the store is about.
const MANY: usize = 300;
/// All of them are one worker's.
const ONE_WORKER: [(&str, &str); 2] = [("CHAT_RECONCILE_EVERY_MS", "100"), ("HTTP_WORKERS", "1")];

fn open(server: &Server, database: &str) -> Connection {
    let connection = Connection::open(server.data_dir().join(database)).unwrap();
    connection.busy_timeout(testkit::PATIENCE).unwrap();
    connection
}

/// Writes the third event of a room, its first message, as another node would, and tells nobody.
fn write_unannounced(server: &Server, room: &str, author: &str) {
    let store = open(server, "chat.db");
    let (room, author) = (Uuid::parse_str(room).unwrap(), Uuid::parse_str(author).unwrap());
    store
        .execute(
            "INSERT INTO events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, body) \
             SELECT number, 3, 4, 1000, ?2, 1, ?3, ?4, 0, 'from another node' FROM rooms WHERE id = ?1",
            params![room.as_bytes(), author.as_bytes(), Uuid::now_v7().as_bytes(), Uuid::new_v4().as_bytes()],
        )
        .unwrap();
    store
        .execute(
            "UPDATE room_counters SET head_seq = 3, message_count = 1 \
             WHERE room = (SELECT number FROM rooms WHERE id = ?1)",
            [room.as_bytes()],
        )
        .unwrap();
}

#[tokio::test]
async fn an_event_that_nobody_announced_is_delivered_all_the_same() {
    let server = Server::start(&[("CHAT_RECONCILE_EVERY_MS", "100")]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    write_unannounced(&server, &room, &ada.id);
    let event = live.event("message.created").await;
    assert_eq!((&event["seq"], &event["data"]["body"]), (&json!(3), &json!("from another node")));
    assert_eq!(live.say(&room, "and on").await["data"]["seq"], 4);
    assert_eq!(live.event("message.created").await["seq"], 4);
}

#[tokio::test]
async fn however_many_rooms_have_moved_on_their_events_are_delivered() {
    let server = Server::start(&ONE_WORKER).await;
    let ada = server.rest.person("ada").await;
    let mut rooms = HashSet::new();
    for _ in 0..MANY {
        rooms.insert(server.rest.room(&ada).await);
    }
    let mut live = server.rest.live(&ada, json!({})).await;
    live.event("ready").await;
    rooms.iter().for_each(|room| write_unannounced(&server, room, &ada.id));
    for _ in 0..MANY {
        let event = live.event("message.created").await;
        assert!(rooms.remove(event["room_id"].as_str().unwrap()), "not a room that is still waited for: {event}");
    }
}

#[tokio::test]
async fn an_event_that_is_ahead_waits_for_the_one_before_it() {
    let server = Server::start(&[("CHAT_RECONCILE_EVERY_MS", "5000")]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    live.event("ready").await;
    write_unannounced(&server, &room, &ada.id);
    assert_eq!(server.rest.say(&ada, &room, "the next one").await, 4);
    for (seq, body) in [(3, "from another node"), (4, "the next one")] {
        let event = live.event("message.created").await;
        assert_eq!((&event["seq"], &event["data"]["body"]), (&json!(seq), &json!(body)));
    }
}

#[tokio::test]
async fn a_session_that_ended_without_a_word_loses_its_sockets() {
    let server = Server::start(&[("CHAT_RECONCILE_EVERY_MS", "100")]).await;
    let ada = server.rest.person("ada").await;
    let live = server.rest.live(&ada, json!({})).await;
    let session = Uuid::parse_str(&ada.session_id).unwrap();
    let ended = open(&server, "auth.db")
        .execute("UPDATE sessions SET ended_at = created_at WHERE id = ?1", [session.as_bytes()])
        .unwrap();
    assert_eq!(ended, 1);
    assert_eq!(live.closed().await.code, 4501);
}

#[tokio::test]
async fn however_many_there_are_who_left_or_whose_session_ended_hears_of_it() {
    let server = Server::start(&ONE_WORKER).await;
    let owner = server.rest.person("owner").await;
    let room = server.rest.room(&owner).await;
    let mut sockets = Vec::new();
    for number in 0..MANY {
        let person = server.rest.person(&format!("person{number}")).await;
        server.rest.join(&person, &room).await;
        sockets.push(server.rest.live(&person, json!({})).await);
    }
    let mut store = open(&server, "chat.db");
    let leaving = store.transaction().unwrap();
    let gone = leaving.execute(
        "DELETE FROM members WHERE role = 0 AND room = (SELECT number FROM rooms WHERE id = ?1)",
        [Uuid::parse_str(&room).unwrap().as_bytes()],
    );
    assert_eq!(gone.unwrap(), MANY);
    leaving.execute("UPDATE users SET membership_no = membership_no + 1", []).unwrap();
    leaving.commit().unwrap();
    for live in &mut sockets {
        assert_eq!(live.event("room.removed").await["room_id"], room);
    }
    // The last one's alone: sockets that are closed make room for others in the next question.
    let last = "UPDATE sessions SET ended_at = created_at WHERE id = (SELECT max(id) FROM sessions)";
    assert_eq!(open(&server, "auth.db").execute(last, []).unwrap(), 1);
    assert_eq!(sockets.pop().unwrap().closed().await.code, 4501);
}
