//! A reader that does not read hurts nobody else and loses nothing (I11, I12).

use serde_json::{Value, json};
use testkit::RawSocket;

use crate::server::{ALONE, Server};

#[tokio::test]
async fn a_reader_that_stalls_is_closed_with_4410_and_resumes_without_a_hole() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    let mut stalled = RawSocket::connect(server.rest.addr(), &bob.token, Some(4_096)).await;
    stalled.start().await;
    let mut sender = server.rest.live(&ada, json!({})).await;
    let body = "x".repeat(8_000);
    // Enough for the queue and for what the system keeps for a peer with so small a window.
    for _ in 0..600 {
        assert_eq!(sender.say(&room, &body).await["ok"], true);
        assert_eq!(sender.event("message.created").await["room_id"], room);
    }
    let mut cursor = 3;
    let mut code = None;
    while let Some(frame) = stalled.frame().await {
        if let Some(found) = frame.close_code() {
            code = Some(found);
            break;
        }
        let Ok(event) = serde_json::from_slice::<Value>(&frame.payload) else { continue };
        if event["room_id"] == room && event["seq"].as_u64() == Some(cursor + 1) {
            cursor += 1;
            if !ALONE && cursor == 603 {
                break;
            }
        } else {
            assert!(event["seq"].is_null(), "a hole before the end: {} after {cursor}", event["seq"]);
        }
    }
    // A node that has just asked the store sets a slow reader aside instead, and then it is given everything.
    assert!(code == Some(4410) || (!ALONE && cursor == 603), "{code:?} after {cursor}");
    assert!(!ALONE || cursor < 603, "nothing was missed, so nothing was tested");
    let mut resumed = server.rest.live(&bob, json!({(room.as_str()): cursor})).await;
    assert_eq!(resumed.started(&room)["mode"], "replay");
    while cursor < 603 {
        let event = resumed.event("message.created").await;
        assert_eq!(event["seq"], cursor + 1);
        cursor += 1;
    }
}

#[tokio::test]
async fn a_peer_whose_window_stays_closed_is_gone_in_time() {
    let many = "1000000";
    let server = Server::start(&[
        ("LIMITS_ENABLED", "true"),
        ("CHAT_SOCKETS_PER_USER", "1"),
        ("CHAT_CONNECTS_PER_MINUTE", many),
        ("CHAT_MESSAGES_PER_SECOND", many),
        ("CHAT_MESSAGES_BURST", many),
    ])
    .await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    let mut stalled = RawSocket::connect(server.rest.addr(), &bob.token, Some(4_096)).await;
    stalled.start().await;
    // More than its window takes, and less than the queue holds: nothing but the closed window is wrong with it.
    let body = "x".repeat(8_000);
    for _ in 0..80 {
        server.rest.say(&ada, &room, &body).await;
    }
    // While it is there it takes the user's only place; that the place becomes free shows that it is gone.
    testkit::until("the stalled socket is gone", || async {
        let live = server.rest.socket(&bob).await;
        (live.hello["type"] == "hello").then_some(())
    })
    .await;
}
