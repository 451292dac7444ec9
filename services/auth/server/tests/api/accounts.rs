//! Making accounts, and looking at them.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::application::{PASSWORD, ask, get, post, request, sign_up, signed_in, start, start_with};

#[actix_web::test]
async fn a_new_account_is_told_with_its_address_and_without_its_password() {
    let (app, _around) = start().await;
    let answer = sign_up(&app, "Ann").await;
    assert_eq!(answer.status, 201);
    let user = &answer.body["user"];
    assert_eq!((&user["username"], &user["display_name"]), (&json!("Ann"), &json!("Ann")));
    assert_eq!(user["email"], "Ann@example.org");
    assert_eq!(user["bio"], Value::Null);
    assert_eq!(user["created_at"], "2026-11-21T11:08:14.000Z");
    assert!(!answer.body.to_string().contains(PASSWORD));
}

#[actix_web::test]
async fn taken_names_are_conflicts_whatever_their_case() {
    let (app, _around) = start().await;
    sign_up(&app, "ann").await;
    let same_name = json!({"username": "ANN", "email": "other@example.org", "password": PASSWORD});
    let answer = post(&app, "/v1/auth/signup", same_name).await;
    assert_eq!((answer.status, answer.code()), (409, "username-taken"));
    let same_email = json!({"username": "bob", "email": "ANN@example.org", "password": PASSWORD});
    let answer = post(&app, "/v1/auth/signup", same_email).await;
    assert_eq!((answer.status, answer.code()), (409, "email-taken"));
}

#[actix_web::test]
async fn all_wrong_fields_are_named_and_a_field_too_many_is_one() {
    let (app, _around) = start().await;
    let wrong = json!({"username": "a", "email": "b", "password": "password"});
    let answer = post(&app, "/v1/auth/signup", wrong).await;
    assert_eq!((answer.status, answer.code()), (422, "validation-failed"));
    let pointers: Vec<&Value> =
        answer.body["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/username", "/email", "/password"]);
    let more = json!({"username": "ann", "email": "ann@example.org", "password": PASSWORD, "admin": true});
    let answer = post(&app, "/v1/auth/signup", more).await;
    assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (422, &json!("/admin")));
}

#[actix_web::test]
async fn a_sixth_sign_up_from_an_address_is_refused_with_a_hint() {
    let (app, _around) = start_with(true).await;
    for n in 0..5 {
        assert_eq!(sign_up(&app, &format!("user{n}")).await.status, 201);
    }
    let answer = sign_up(&app, "user6").await;
    assert_eq!((answer.status, answer.code()), (429, "rate-limited"));
    assert!(answer.headers.contains_key("retry-after"));
    assert!(answer.body["retry_after_ms"].as_u64().unwrap() <= 30_000);
}

#[actix_web::test]
async fn one_sees_ones_own_address_and_others_do_not() {
    let (app, _around) = start().await;
    let ann = signed_in(&app, "ann").await;
    let bob = signed_in(&app, "bob").await;
    let me = get(&app, "/v1/users/me", &ann.text("access_token")).await;
    assert_eq!((me.status, &me.body["email"]), (200, &json!("ann@example.org")));
    let path = format!("/v1/users/{}", me.text("id"));
    let seen = get(&app, &path, &bob.text("access_token")).await;
    assert_eq!((seen.status, &seen.body["username"]), (200, &json!("ann")));
    assert!(seen.body.get("email").is_none(), "{seen:?}");
    for unknown in ["019aa5f0-7c1e-7b3a-9d55-0c6f4b1f2a77", "nonsense"] {
        let answer = get(&app, &format!("/v1/users/{unknown}"), &bob.text("access_token")).await;
        assert_eq!((answer.status, answer.code()), (404, "not-found"), "{unknown}");
    }
    let stranger = ask(&app, request(Method::GET, &path)).await;
    assert_eq!((stranger.status, stranger.code()), (401, "token-invalid"));
}
