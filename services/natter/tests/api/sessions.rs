//! A session's end is the end of its sockets, at once, and of nobody else's (I16, I17).

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn signing_out_closes_the_sessions_sockets_and_no_others() {
    let server = Server::start(&[]).await;
    let phone = server.rest.person("ada").await;
    let laptop = server.rest.sign_in(&phone.username, &phone.password).await;
    let room = server.rest.room(&phone).await;
    let one = server.rest.live(&phone, json!({})).await;
    let two = server.rest.socket(&phone).await;
    let mut kept = server.rest.live(&laptop, json!({})).await;
    server.rest.post("/v1/auth/signout", &phone.token, Value::Null).await.expect(204);
    for path in ["/v1/users/me", "/v1/users/me/rooms", "/v1/rooms"] {
        server.rest.get(path, &phone.token).await.problem(401, "session-revoked");
    }
    server.rest.post("/v1/auth/signout", &phone.token, Value::Null).await.problem(401, "session-revoked");
    for live in [one, two] {
        let closed = live.closed().await;
        assert_eq!(closed.code, 4501);
        assert_eq!(closed.goodbye.unwrap()["data"]["resumable"], false);
    }
    assert_eq!(kept.say(&room, "still here").await["ok"], true);
}

#[tokio::test]
async fn no_message_sent_after_a_sign_out_reaches_the_session() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    let mut live = server.rest.live(&bob, json!({})).await;
    server.rest.say(&ada, &room, "before").await;
    // What is on its way when the session ends may be told or not.
    assert_eq!(live.event("message.created").await["data"]["body"], "before");
    server.rest.post("/v1/auth/signout", &bob.token, Value::Null).await.expect(204);
    server.rest.say(&ada, &room, "after").await;
    while let Some(frame) = live.try_frame().await {
        assert!(!frame["data"]["body"].is_string(), "{frame}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_late_ends_the_session_and_closes_its_sockets() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let live = server.rest.live(&ada, json!({})).await;
    let refresh = async |token: &str| server.rest.post("/v1/auth/refresh", "", json!({"refresh_token": token})).await;
    let first = refresh(&ada.refresh_token).await.expect(200);
    let repeated = refresh(&ada.refresh_token).await.expect(200);
    assert_eq!(first["refresh_token"], repeated["refresh_token"], "within the grace it is the same successor");
    server.clock.forward(Duration::from_secs(61));
    refresh(&ada.refresh_token).await.problem(401, "session-revoked");
    refresh(first["refresh_token"].as_str().unwrap()).await.problem(401, "session-revoked");
    server.rest.get("/v1/users/me", &ada.token).await.problem(401, "session-revoked");
    assert_eq!(live.closed().await.code, 4501);
}

#[tokio::test]
async fn a_token_is_renewed_inside_the_socket_and_one_that_is_not_closes_it_with_4401() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let mut renewed = server.rest.live(&ada, json!({})).await;
    let mut forgotten = server.rest.live(&ada, json!({})).await;
    let first_end = renewed.hello["data"]["token_expires_at"].clone();

    server.clock.forward(Duration::from_secs(245));
    for live in [&mut renewed, &mut forgotten] {
        assert_eq!(live.event("session.expiring").await["data"]["expires_at"], first_end);
    }
    let fresh = server.rest.post("/v1/auth/refresh", "", json!({"refresh_token": ada.refresh_token})).await.expect(200);
    let stranger = server.rest.person("eve").await;
    let refused = renewed.ask("session.renew", json!({"access_token": stranger.token})).await;
    assert_eq!(refused["error"]["code"], "token-invalid", "a token of another session was taken");
    let reply = renewed.ask("session.renew", json!({"access_token": fresh["access_token"]})).await;
    assert!(reply["data"]["expires_at"].as_str() > first_end.as_str(), "{reply}");

    server.clock.forward(Duration::from_secs(66));
    let closed = forgotten.closed().await;
    assert_eq!(closed.code, 4401);
    assert_eq!(closed.goodbye.unwrap()["data"]["resumable"], true);
    assert_eq!(renewed.ask("ping", json!({})).await["ok"], true);
}
