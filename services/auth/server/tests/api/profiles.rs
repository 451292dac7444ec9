//! Changing one's own profile, and others hearing of it.

use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use async_trait::async_trait;
use bus::durable::{EventSink, NotTaken};
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::application::{ask, get, patch, request, signed_in, start};

const ME: &str = "/v1/users/me";

#[actix_web::test]
async fn what_is_given_changes_what_is_null_goes_and_what_is_absent_stays() {
    let (app, _around) = start().await;
    let ann = signed_in(&app, "ann").await;
    let token = ann.text("access_token");
    let full = json!({
        "display_name": " Ann B. ", "bio": "one\ntwo", "avatar_url": "https://example.org/a.png", "status_text": "out",
        "language": "de-AT", "time_zone": "Europe/Vienna",
    });
    let answer = patch(&app, ME, &token, full).await;
    assert_eq!((answer.status, &answer.body["display_name"]), (200, &json!("Ann B.")), "{answer:?}");
    assert_eq!(get(&app, ME, &token).await.body, answer.body);
    assert_eq!((&answer.body["email"], &answer.body["username"]), (&json!("ann@example.org"), &json!("ann")));

    let answer = patch(&app, ME, &token, json!({"bio": null, "status_text": "  ", "language": "en"})).await;
    let mut wanted = get(&app, ME, &token).await.body;
    assert_eq!(answer.body, wanted);
    for (field, value) in [("bio", Value::Null), ("status_text", Value::Null), ("language", json!("en"))] {
        assert_eq!(wanted[field].take(), value, "{field}");
    }
    assert_eq!((&wanted["time_zone"], &wanted["display_name"]), (&json!("Europe/Vienna"), &json!("Ann B.")));
    let nothing = patch(&app, ME, &token, json!({})).await;
    assert_eq!((nothing.status, nothing.body), (200, answer.body));
}

#[actix_web::test]
async fn all_wrong_fields_are_named_and_nothing_changes() {
    let (app, _around) = start().await;
    let token = signed_in(&app, "ann").await.text("access_token");
    let before = get(&app, ME, &token).await.body;
    let wrong = json!({
        "display_name": "", "bio": "x".repeat(501), "avatar_url": "javascript:alert(1)", "status_text": "a\u{7}b",
        "language": "english please", "time_zone": "+01:00",
    });
    let answer = patch(&app, ME, &token, wrong).await;
    assert_eq!((answer.status, answer.code()), (422, "validation-failed"));
    let pointers: Vec<&str> =
        answer.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/display_name", "/bio", "/avatar_url", "/status_text", "/language", "/time_zone"]);
    for (body, pointer) in [
        (json!({"display_name": null}), "/display_name"),
        (json!({"bio": 7}), "/bio"),
        (json!({"username": "bob"}), "/username"),
        (json!({"email": "bob@example.org"}), "/email"),
    ] {
        let answer = patch(&app, ME, &token, body).await;
        assert_eq!((answer.status, answer.body["errors"][0]["pointer"].as_str()), (422, Some(pointer)));
    }
    assert_eq!(get(&app, ME, &token).await.body, before);
    let stranger = ask(&app, request(Method::PATCH, ME).set_json(json!({"bio": "x"}))).await;
    assert_eq!((stranger.status, stranger.code()), (401, "token-invalid"));
}

#[derive(Default)]
struct Heard(Mutex<Vec<(String, Value)>>);

#[async_trait]
impl EventSink for Heard {
    async fn send(&self, topic: &str, _: Uuid, payload: Bytes) -> Result<(), NotTaken> {
        self.0.lock().unwrap().push((topic.to_owned(), serde_json::from_slice(&payload).unwrap()));
        Ok(())
    }
}

#[actix_web::test]
async fn others_hear_of_a_change_with_its_version_and_of_nothing_that_did_not_change() {
    let (app, around) = start().await;
    let ann = signed_in(&app, "ann").await;
    let token = ann.text("access_token");
    // What was changed before anybody listened is not lost.
    patch(&app, ME, &token, json!({"display_name": "Ann"})).await;
    let heard = Arc::new(Heard::default());
    around.service.relay_events(heard.clone());
    patch(&app, ME, &token, json!({"display_name": "Ann"})).await;
    patch(&app, ME, &token, json!({"avatar_url": "https://example.org/a.png"})).await;
    testkit::until("both changes are told", async || (heard.0.lock().unwrap().len() >= 2).then_some(())).await;
    let told = |version: u64, avatar_url: Value| {
        let event = json!({
            "user_id": ann.body["user"]["id"], "version": version, "username": "ann", "display_name": "Ann",
            "avatar_url": avatar_url,
        });
        ("profiles".to_owned(), event)
    };
    assert_eq!(*heard.0.lock().unwrap(), [told(2, Value::Null), told(3, json!("https://example.org/a.png"))]);
}
