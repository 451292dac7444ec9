//! Messages by REST, and that REST and sockets tell the same.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Live, Person, until};
use uuid::Uuid;

use crate::server::Server;

/// One's entry of a room in one's list.
async fn mine(server: &Server, person: &Person, room: &str) -> Value {
    let page = server.rest.get("/v1/users/me/rooms", &person.token).await.expect(200);
    page["items"].as_array().unwrap().iter().find(|entry| entry["room"]["id"] == room).unwrap().clone()
}

async fn post(server: &Server, person: &Person, room: &str, message: &Value) -> Answer {
    server.rest.post(&format!("/v1/rooms/{room}/messages"), &person.token, message.clone()).await
}

async fn mark(server: &Server, person: &Person, room: &str, seq: u64) -> Value {
    let path = format!("/v1/rooms/{room}/read");
    server.rest.call(Method::PUT, &path, &person.token, json!({"seq": seq})).await.expect(200)["read_seq"].clone()
}

#[tokio::test]
async fn a_message_is_posted_once_by_rest_and_by_socket_alike() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    let said = json!({"body": "hello", "client_msg_id": Uuid::new_v4(), "format": "markdown"});
    let first = post(&server, &ada, &room, &said).await.expect(201);
    assert_eq!(first["deduplicated"], false);
    assert_eq!(
        (&first["message"]["seq"], &first["message"]["author"]["username"], &first["message"]["format"]),
        (&json!(4), &json!(ada.username), &json!("markdown"))
    );
    let again = post(&server, &ada, &room, &said).await.expect(200);
    assert_eq!(again, json!({"message": first["message"], "deduplicated": true}));
    let mut other = said.clone();
    other["body"] = json!("hello!");
    post(&server, &ada, &room, &other).await.problem(409, "client-msg-id-conflict");
    let mut live = server.rest.live(&ada, json!({})).await;
    let mut frame = said.clone();
    frame["room_id"] = json!(room);
    let reply = live.ask("message.send", frame.clone()).await;
    assert_eq!(
        reply["data"],
        json!({"message_id": first["message"]["id"], "seq": 4, "created_at": first["message"]["created_at"], "deduplicated": true})
    );
    frame["format"] = json!("plain");
    assert_eq!(live.ask("message.send", frame).await["error"]["code"], "client-msg-id-conflict");
    assert_eq!(post(&server, &bob, &room, &said).await.expect(201)["message"]["seq"], 5, "another author's is another");
}

#[tokio::test]
async fn a_body_is_kept_to_the_byte() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    let longest = "🚀".repeat(8_000);
    for body in [longest.as_str(), " \t<b>&amp;\"'\\\r\n\u{1}\u{7f}\u{2028}e\u{301}\u{202e} ", "\u{10ffff}", "null"] {
        let said = json!({"body": body, "client_msg_id": Uuid::new_v4()});
        let posted = post(&server, &ada, &room, &said).await.expect(201);
        assert_eq!(posted["message"]["body"], body);
        assert_eq!(live.event("message.created").await["data"], posted["message"]);
        let page = server.rest.get(&format!("/v1/rooms/{room}/messages?limit=1"), &ada.token).await.expect(200);
        assert_eq!(page["items"][0], posted["message"]);
    }
}

#[tokio::test]
async fn history_pages_backwards_and_forwards_by_seq() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    let mut seqs = Vec::new();
    for n in 0..50 {
        if n == 25 {
            server.rest.join(&bob, &room).await;
        }
        seqs.push(server.rest.say(&ada, &room, &format!("message {n}")).await);
    }
    let page = async |query: &str| {
        let page = server.rest.get(&format!("/v1/rooms/{room}/messages?{query}"), &bob.token).await.expect(200);
        let found: Vec<u64> =
            page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()).collect();
        (found, page["has_more_before"] == true, page["has_more_after"] == true)
    };
    let (newest, older, newer) = page("limit=30").await;
    assert_eq!((newest.as_slice(), older, newer), (&seqs[20..], true, false));
    let (rest, older, newer) = page(&format!("before_seq={}&limit=30", newest[0])).await;
    assert_eq!((rest.as_slice(), older, newer), (&seqs[..20], false, true));
    let (forward, older, newer) = page(&format!("after_seq={}&limit=10", seqs[19])).await;
    assert_eq!((forward.as_slice(), older, newer), (&seqs[20..30], true, true));
    let (around, older, newer) = page(&format!("around_seq={}&limit=10", seqs[25])).await;
    assert_eq!((around.as_slice(), older, newer), (&seqs[20..30], true, true));
    assert_eq!(page("").await.0.len(), 50);
    assert_eq!(page("after_seq=18446744073709551615").await, (vec![], true, false));
    assert_eq!(page("around_seq=18446744073709551615&limit=1").await, (vec![], true, false));
    assert_eq!(page("before_seq=0").await, (vec![], false, true));
}

/// The next event of a room's log. What passes, such as somebody's presence, may come between any two.
async fn next_of_log(live: &mut Live, room: &str) -> Value {
    loop {
        let event = live.any_event().await;
        if event["room_id"] == room && event["seq"].is_u64() {
            return event;
        }
    }
}

#[tokio::test]
async fn the_events_page_has_the_very_objects_that_the_socket_sent() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    let mut hers = server.rest.live(&ada, json!({})).await;
    server.rest.join(&bob, &room).await;
    let first = server.rest.say(&bob, &room, &format!("hi @{}, \"quoted\" 🚀 \u{1}", ada.username)).await;
    let before = server.rest.get(&format!("/v1/rooms/{room}/messages"), &bob.token).await.expect(200);
    let answered = &before["items"][0]["id"];
    let answer = json!({"body": "*yes*", "client_msg_id": Uuid::new_v4(), "format": "markdown", "reply_to": answered});
    post(&server, &ada, &room, &answer).await.expect(201);
    server.rest.post(&format!("/v1/rooms/{room}/leave"), &bob.token, Value::Null).await.expect(204);
    let mut sent = Vec::new();
    while sent.len() < 4 {
        sent.push(next_of_log(&mut hers, &room).await);
    }
    let page = server.rest.get(&format!("/v1/rooms/{room}/events?after_seq=2"), &ada.token).await.expect(200);
    assert_eq!(page, json!({"items": sent, "head_seq": 6}));
    assert_eq!((first, &page["items"][1]["data"]["mentions"]), (4, &json!([ada.id])));
    assert_eq!(&page["items"][2]["data"]["reply_to"], answered);
    // Replayed, they are the same once more.
    let mut replayed = server.rest.live(&ada, json!({room.as_str(): 2})).await;
    for event in page["items"].as_array().unwrap() {
        assert_eq!(&next_of_log(&mut replayed, &room).await, event);
    }
    for (query, items) in [("", 6), ("?limit=2", 2), ("?after_seq=6", 0), ("?after_seq=18446744073709551615", 0)] {
        let page = server.rest.get(&format!("/v1/rooms/{room}/events{query}"), &ada.token).await.expect(200);
        assert_eq!((page["items"].as_array().unwrap().len(), &page["head_seq"]), (items, &json!(6)), "{query}");
    }
}

#[tokio::test]
async fn unread_messages_and_mentions_are_counted_after_the_read_mark() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    for body in ["4".to_owned(), format!("5, @{}!", bob.username.to_uppercase()), "6".to_owned()] {
        server.rest.say(&ada, &room, &body).await;
    }
    let counts = async |person: &Person| {
        let entry = mine(&server, person, &room).await;
        json!([entry["head_seq"], entry["read_seq"], entry["unread"], entry["mentions"]])
    };
    assert_eq!(counts(&bob).await, json!([6, 3, 3, 1]));
    assert_eq!(counts(&ada).await, json!([6, 6, 0, 0]));
    assert_eq!(mine(&server, &bob, &room).await["last_message"]["body"], "6");
    let mut hers = server.rest.live(&ada, json!({})).await;
    for (seq, expected) in [(4, json!([6, 4, 2, 1])), (5, json!([6, 5, 1, 0])), (4, json!([6, 5, 1, 0]))] {
        mark(&server, &bob, &room, seq).await;
        assert_eq!(counts(&bob).await, expected, "after marking {seq}");
    }
    assert_eq!(mark(&server, &bob, &room, u64::MAX).await, 6, "never past the head");
    assert_eq!(mark(&server, &bob, &room, 1).await, 6, "never back");
    let mut told = Vec::new();
    while told.last() != Some(&json!(6)) {
        let moved = hers.event("read.updated").await;
        assert_eq!(moved["data"]["user_id"], bob.id);
        told.push(moved["data"]["read_seq"].clone());
    }
    assert_eq!(told, [4, 5, 6]);
    server.rest.say(&bob, &room, &format!("@{} and @{}", ada.username, bob.username)).await;
    assert_eq!((counts(&ada).await, counts(&bob).await), (json!([7, 6, 1, 1]), json!([7, 7, 0, 0])));
}

#[tokio::test]
async fn an_answer_must_be_to_a_message_of_the_room() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let (room, elsewhere) = (server.rest.room(&ada).await, server.rest.room(&ada).await);
    let message = |reply_to: &Value| json!({"body": "x", "client_msg_id": Uuid::new_v4(), "reply_to": reply_to});
    let original = post(&server, &ada, &room, &message(&Value::Null)).await.expect(201)["message"]["id"].clone();
    for (room, reply_to) in [(&elsewhere, &original), (&room, &json!(Uuid::now_v7()))] {
        let refused = post(&server, &ada, room, &message(reply_to)).await.problem(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/reply_to");
    }
    let answer = post(&server, &ada, &room, &message(&original)).await.expect(201);
    assert_eq!(answer["message"]["reply_to"], original);
}

#[tokio::test]
async fn what_is_sent_while_one_is_away_is_unread_when_one_comes_back() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    let his = server.rest.live(&bob, json!({})).await;
    assert_eq!(his.started(&room)["unread"], 0);
    his.close().await;
    server.rest.say(&ada, &room, &format!("@{} are you there?", bob.username)).await;
    let his = server.rest.live(&bob, json!({room.as_str(): 3})).await;
    let entry = his.started(&room);
    assert_eq!((&entry["unread"], &entry["mentions"], &entry["mode"]), (&json!(1), &json!(1), &json!("replay")));
    let found = until("the list says the same", || async {
        let entry = mine(&server, &bob, &room).await;
        (entry["unread"] == 1).then_some(entry)
    });
    assert_eq!(found.await["mentions"], 1);
}
