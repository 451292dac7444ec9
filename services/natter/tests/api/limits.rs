//! Each rate and count has an end, and says when to come back; without limits there is none.

use serde_json::{Value, json};
use testkit::Live;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use uuid::Uuid;

use crate::server::Server;

const ON: (&str, &str) = ("LIMITS_ENABLED", "true");

#[tokio::test]
async fn a_burst_of_messages_passes_and_more_is_refused_with_a_hint() {
    let server = Server::start(&[ON, ("CHAT_MESSAGES_BURST", "5"), ("CHAT_MESSAGES_PER_SECOND", "1")]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    for _ in 0..5 {
        assert_eq!(live.say(&room, "quick").await["ok"], true);
    }
    let refused = live.say(&room, "too quick").await;
    assert_eq!(refused["error"]["code"], "rate-limited", "{refused}");
    assert!((1..=1_000).contains(&refused["error"]["retry_after_ms"].as_u64().unwrap()));
    let by_rest = json!({"body": "by another way", "client_msg_id": Uuid::new_v4()});
    let path = format!("/v1/rooms/{room}/messages");
    server.rest.post(&path, &ada.token, by_rest).await.problem(429, "rate-limited");
    let log = server.rest.get(&format!("/v1/rooms/{room}/events"), &ada.token).await.expect(200);
    assert_eq!(log["head_seq"], 7, "a refused message left a trace");
}

#[tokio::test]
async fn a_client_that_does_not_heed_refusals_is_closed_with_4429() {
    let server = Server::start(&[ON, ("CHAT_REQUESTS_PER_SECOND", "1")]).await;
    let ada = server.rest.person("ada").await;
    let mut live = server.rest.live(&ada, json!({})).await;
    for _ in 0..400 {
        live.send("ping", json!({})).await;
    }
    assert_eq!(live.closed().await.code, 4429);
}

#[tokio::test]
async fn requests_that_are_none_and_pings_are_counted_as_well() {
    let server = Server::start(&[ON, ("CHAT_REQUESTS_PER_SECOND", "1")]).await;
    let ada = server.rest.person("ada").await;
    let mut nameless = server.rest.live(&ada, json!({})).await;
    for _ in 0..400 {
        nameless.send_raw(json!({"id": "", "type": "ping"}).to_string()).await;
    }
    assert_eq!(nameless.closed().await.code, 4429);
    let mut pinging = server.rest.live(&ada, json!({})).await;
    for _ in 0..400 {
        pinging.send_message(Message::Ping(Bytes::new())).await;
    }
    assert_eq!(pinging.closed().await.code, 4429);
}

#[tokio::test]
async fn joining_and_leaving_in_turn_has_an_end() {
    let server = Server::start(&[ON, ("CHAT_MEMBERSHIPS_PER_MINUTE", "4")]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    for kind in ["room.leave", "room.join", "room.leave", "room.join"] {
        assert_eq!(live.ask(kind, json!({"room_id": room})).await["ok"], true, "{kind}");
    }
    assert_eq!(live.ask("room.leave", json!({"room_id": room})).await["error"]["code"], "rate-limited");
    let path = format!("/v1/rooms/{room}/leave");
    server.rest.post(&path, &ada.token, Value::Null).await.problem(429, "rate-limited");
}

#[tokio::test]
async fn one_socket_more_than_a_user_may_have_is_closed_with_4505() {
    let server = Server::start(&[ON, ("CHAT_SOCKETS_PER_USER", "2")]).await;
    let ada = server.rest.person("ada").await;
    let first = server.rest.socket(&ada).await;
    let _second = server.rest.socket(&ada).await;
    assert_eq!(server.rest.socket(&ada).await.closed().await.code, 4505);
    first.close().await;
    testkit::until("a place is free again", || async {
        let live = server.rest.socket(&ada).await;
        (live.hello["type"] == "hello").then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_address_that_connects_too_often_is_refused_before_the_upgrade() {
    let server = Server::start(&[ON, ("CHAT_CONNECTS_PER_MINUTE", "3")]).await;
    let ada = server.rest.person("ada").await;
    for _ in 0..3 {
        server.rest.socket(&ada).await.close().await;
    }
    let Err(Error::Http(response)) = Live::connect(server.rest.addr(), &ada.token).await else {
        panic!("a fourth connection was let in");
    };
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn sign_ups_sign_ins_and_refreshes_have_limits() {
    let server = Server::start(&[ON, ("AUTH_SIGN_UP_PER_HOUR", "1"), ("AUTH_REFRESH_PER_MINUTE", "2")]).await;
    let ada = server.rest.person("ada").await;
    let account = json!({"username": "second", "email": "second@example.org", "password": "a long enough sentence"});
    server.rest.post("/v1/auth/signup", "", account).await.problem(429, "rate-limited");
    let refresh = json!({"refresh_token": ada.refresh_token});
    for _ in 0..2 {
        server.rest.post("/v1/auth/refresh", "", refresh.clone()).await.expect(200);
    }
    server.rest.post("/v1/auth/refresh", "", refresh).await.problem(429, "rate-limited");
    let mut last = 0;
    for _ in 0..12 {
        let attempt = json!({"login": format!("nobody{}", Uuid::new_v4()), "password": "wrong wrong wrong"});
        last = server.rest.post("/v1/auth/signin", "", attempt).await.status;
    }
    assert_eq!(last, 429, "an address may try as often as it likes");
}

#[tokio::test]
async fn a_user_cannot_be_in_more_rooms_than_allowed() {
    let server = Server::start(&[("CHAT_MAX_ROOMS_PER_USER", "2")]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    let third = json!({"name": "third", "kind": "public"});
    server.rest.post("/v1/rooms", &ada.token, third).await.problem(409, "conflict");
    let other = server.rest.room(&bob).await;
    server.rest.post(&format!("/v1/rooms/{other}/join"), &ada.token, Value::Null).await.problem(409, "conflict");
    server.rest.post(&format!("/v1/rooms/{room}/leave"), &ada.token, Value::Null).await.expect(204);
    server.rest.join(&ada, &other).await;
}
