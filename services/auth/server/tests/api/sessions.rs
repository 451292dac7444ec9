//! Signing in, going on, signing out.

use std::time::Duration;

use actix_web::http::Method;
use identity::SessionState;
use serde_json::{Value, json};

use crate::application::{
    Answer, Natter, PASSWORD, ask, get, post, request, sign_out, sign_up, signed_in, start, start_with,
};

async fn refresh(app: &Natter, token: &str) -> Answer {
    post(app, "/v1/auth/refresh", json!({"refresh_token": token})).await
}

#[actix_web::test]
async fn either_name_signs_in_and_the_tokens_are_kept_by_no_cache() {
    let (app, _around) = start().await;
    sign_up(&app, "Ann").await;
    for login in ["ann", "ANN", "ann@EXAMPLE.org"] {
        let body = json!({"login": login, "password": PASSWORD, "device": "phone"});
        let answer = post(&app, "/v1/auth/signin", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers.get("cache-control").unwrap(), "no-store");
        assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("Bearer"), &json!(300)));
        assert_eq!(answer.body["session"]["device"], "phone");
        assert_eq!(answer.body["user"]["username"], "Ann");
    }
}

#[actix_web::test]
async fn an_unknown_account_and_a_wrong_password_get_the_same_answer() {
    let (app, _around) = start().await;
    sign_up(&app, "ann").await;
    let mut answers = Vec::new();
    for login in ["ann", "ann@example.org", "nobody", "nobody@example.org", "no name at all!"] {
        let body = json!({"login": login, "password": "not the password"});
        let asked = request(Method::POST, "/v1/auth/signin").insert_header(("x-request-id", "same")).set_json(body);
        let answer = ask(&app, asked).await;
        let mut headers: Vec<String> = answer.headers.iter().map(|header| format!("{header:?}")).collect();
        headers.sort();
        answers.push((answer.status, headers, answer.body));
    }
    assert_eq!((answers[0].0, &answers[0].2["code"]), (401, &json!("invalid-credentials")));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[actix_web::test]
async fn after_five_wrong_passwords_even_the_right_one_waits_a_moment() {
    let (app, around) = start_with(true).await;
    sign_up(&app, "ann").await;
    let with = |login: &'static str, password: &'static str| json!({"login": login, "password": password});
    for _ in 0..5 {
        assert_eq!(post(&app, "/v1/auth/signin", with("ann", "wrong")).await.status, 401);
    }
    let answer = post(&app, "/v1/auth/signin", with("ann", PASSWORD)).await;
    assert_eq!((answer.status, &answer.body["retry_after_ms"]), (429, &json!(1_000)));
    around.clock.turn(Duration::from_secs(1));
    assert_eq!(post(&app, "/v1/auth/signin", with("ann", PASSWORD)).await.status, 200);
}

#[actix_web::test]
async fn a_session_is_dead_everywhere_when_signing_out_has_answered() {
    let (app, around) = start().await;
    let session = signed_in(&app, "ann").await;
    let other = post(&app, "/v1/auth/signin", json!({"login": "ann", "password": PASSWORD})).await;
    let token = session.text("access_token");
    assert_eq!(get(&app, "/v1/users/me", &token).await.status, 200);
    let next = refresh(&app, &session.text("refresh_token")).await;

    let answer = sign_out(&app, &token).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    for dead in [&token, &next.text("access_token")] {
        let answer = get(&app, "/v1/users/me", dead).await;
        assert_eq!((answer.status, answer.code()), (401, "session-revoked"));
    }
    for dead in [session.text("refresh_token"), next.text("refresh_token")] {
        let answer = refresh(&app, &dead).await;
        assert_eq!((answer.status, answer.code()), (401, "session-revoked"));
    }
    let again = sign_out(&app, &token).await;
    assert_eq!((again.status, again.code()), (401, "session-revoked"));
    let note = json!({"session_id": session.body["session"]["id"], "reason": "signed_out"});
    assert_eq!(*around.notes.lock().unwrap(), [note]);
    assert_eq!(get(&app, "/v1/users/me", &other.text("access_token")).await.status, 200, "another session lives on");
    let id = session.body["session"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(around.verifier.dead_sessions(&[id]).await.unwrap(), [(id, SessionState::Over)]);
}

#[actix_web::test]
async fn a_used_refresh_token_gives_the_same_successor_for_a_minute_and_then_ends_the_session() {
    let (app, around) = start().await;
    let session = signed_in(&app, "ann").await;
    let first = session.text("refresh_token");
    let next = refresh(&app, &first).await;
    assert_eq!(next.status, 200, "{next:?}");
    assert_eq!(next.headers.get("cache-control").unwrap(), "no-store");
    assert!(next.body.get("user").is_none());
    assert_ne!(next.text("refresh_token"), first);
    around.clock.turn(Duration::from_secs(60));
    let again = refresh(&app, &first).await;
    assert_eq!((again.status, again.text("refresh_token")), (200, next.text("refresh_token")));
    assert_ne!(again.text("access_token"), next.text("access_token"));

    around.clock.turn(Duration::from_millis(1));
    let reused = refresh(&app, &first).await;
    assert_eq!((reused.status, reused.code()), (401, "session-revoked"));
    let latest = refresh(&app, &next.text("refresh_token")).await;
    assert_eq!((latest.status, latest.code()), (401, "session-revoked"));
    assert_eq!(get(&app, "/v1/users/me", &again.text("access_token")).await.code(), "session-revoked");
    let note = json!({"session_id": session.body["session"]["id"], "reason": "refresh_reused"});
    assert_eq!(*around.notes.lock().unwrap(), [note]);
}

#[actix_web::test]
async fn an_access_token_ends_after_five_minutes_and_the_leeway() {
    let (app, around) = start().await;
    let token = signed_in(&app, "ann").await.text("access_token");
    around.clock.turn(Duration::from_secs(329));
    assert_eq!(get(&app, "/v1/users/me", &token).await.status, 200);
    around.clock.turn(Duration::from_secs(1));
    let answer = get(&app, "/v1/users/me", &token).await;
    assert_eq!((answer.status, answer.code()), (401, "token-expired"));
}

#[actix_web::test]
async fn a_session_that_nobody_used_for_14_days_is_over() {
    let (app, around) = start().await;
    let session = signed_in(&app, "ann").await;
    around.clock.turn(Duration::from_secs(14 * 24 * 3600));
    let answer = refresh(&app, &session.text("refresh_token")).await;
    assert_eq!((answer.status, answer.code()), (401, "session-revoked"));
}

#[actix_web::test]
async fn neither_token_is_taken_for_the_other_nor_nonsense_for_either() {
    let (app, _around) = start().await;
    let session = signed_in(&app, "ann").await;
    let answer = get(&app, "/v1/users/me", &session.text("refresh_token")).await;
    assert_eq!((answer.status, answer.code()), (401, "token-invalid"));
    for token in [session.text("access_token"), "nonsense".to_owned(), String::new()] {
        let answer = refresh(&app, &token).await;
        assert_eq!((answer.status, answer.code()), (401, "token-invalid"));
    }
}

#[actix_web::test]
async fn signing_out_takes_no_body_or_an_empty_object_and_nothing_else() {
    let (app, _around) = start().await;
    let token = signed_in(&app, "ann").await.text("access_token");
    let with_body = |body: Value| {
        request(Method::POST, "/v1/auth/signout")
            .insert_header(("authorization", format!("Bearer {token}")))
            .set_json(body)
    };
    assert_eq!(ask(&app, with_body(json!({"all": true}))).await.status, 422);
    assert_eq!(get(&app, "/v1/users/me", &token).await.status, 200, "the refused call ended the session");
    assert_eq!(ask(&app, with_body(json!({}))).await.status, 204);
}

#[actix_web::test]
async fn the_published_key_is_the_one_that_tokens_name() {
    let (app, around) = start().await;
    let answer = ask(&app, request(Method::GET, "/.well-known/jwks.json")).await;
    assert_eq!(answer.status, 200);
    let kid = answer.body["keys"][0]["kid"].as_str().unwrap();
    assert!(around.service.key_source().key(kid).is_some());
    assert!(around.service.ready_check().is_ready().await);
}
