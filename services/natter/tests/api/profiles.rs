//! A changed profile, from the auth service to what chat shows.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Person, Rest};

use crate::server::Server;

/// The author of the room's newest message, as chat shows it.
async fn author(rest: &Rest, person: &Person, room: &str) -> Value {
    let page = rest.get(&format!("/v1/rooms/{room}/messages?limit=1"), &person.token).await.expect(200);
    page["items"][0]["author"].clone()
}

#[tokio::test]
async fn chat_shows_a_changed_name_on_old_messages_too() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let (ada, bob) = (rest.person("ada").await, rest.person("bob").await);
    let room = rest.room(&ada).await;
    rest.join(&bob, &room).await;
    rest.say(&ada, &room, "hello").await;
    let before = author(rest, &bob, &room).await;
    assert_eq!((&before["display_name"], &before["avatar_url"]), (&json!(ada.username), &Value::Null));

    for (name, url) in [("Ada L.", json!("https://example.org/a.png")), ("Ada", Value::Null)] {
        let change = json!({"display_name": name, "avatar_url": url, "bio": "not for chat"});
        rest.call(Method::PATCH, "/v1/users/me", &ada.token, change).await.expect(200);
        let wanted = json!({"id": ada.id, "username": ada.username, "display_name": name, "avatar_url": url});
        testkit::until("chat shows the change", async || (author(rest, &bob, &room).await == wanted).then_some(()))
            .await;
    }
}

#[tokio::test]
async fn a_change_that_was_made_before_somebody_met_chat_is_shown_from_the_start() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let ada = rest.person("ada").await;
    rest.call(Method::PATCH, "/v1/users/me", &ada.token, json!({"display_name": "Ada L."})).await.expect(200);
    let room = rest.room(&ada).await;
    rest.say(&ada, &room, "hello").await;
    assert_eq!(author(rest, &ada, &room).await["display_name"], "Ada L.");
}
