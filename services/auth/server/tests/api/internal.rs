//! What other services may ask, and nobody else.

use actix_web::http::Method;
use contract::internal::MAX_SESSIONS;
use identity::ServiceKey;
use kernel::{SessionId, UserId};
use serde_json::{Value, json};

use crate::application::{
    Answer, Natter, SERVICE_KEY, ask, patch, request, sign_out, signed_in, start, start_for_services,
};

const SESSIONS: &str = "/internal/v1/sessions";

fn bearer(key: [u8; 32]) -> (&'static str, String) {
    ("authorization", format!("Bearer {}", ServiceKey::from_bytes(key).to_bearer()))
}

async fn check(app: &Natter, ids: &[SessionId]) -> Answer {
    ask(app, request(Method::POST, SESSIONS).insert_header(bearer(SERVICE_KEY)).set_json(json!({"ids": ids}))).await
}

async fn profile(app: &Natter, id: &str) -> Answer {
    ask(app, request(Method::GET, &format!("/internal/v1/users/{id}")).insert_header(bearer(SERVICE_KEY))).await
}

#[actix_web::test]
async fn sessions_are_told_apart_in_the_order_of_the_question() {
    let (app, _around) = start_for_services().await;
    let (ann, bob) = (signed_in(&app, "ann").await, signed_in(&app, "bob").await);
    sign_out(&app, &bob.text("access_token")).await;
    let id = |answer: &Answer| answer.body["session"]["id"].as_str().unwrap().parse::<SessionId>().unwrap();
    let (unknown, live, over) = (SessionId::new(), id(&ann), id(&bob));
    let answer = check(&app, &[unknown, live, over]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let wanted = json!({"sessions": [
        {"id": unknown, "state": "over", "expires_at": null},
        {"id": live, "state": "live", "expires_at": ann.body["session"]["expires_at"]},
        {"id": over, "state": "over", "expires_at": null},
    ]});
    assert_eq!(answer.body, wanted);
    assert_eq!(check(&app, &[]).await.body, json!({"sessions": []}));
}

#[actix_web::test]
async fn five_thousand_sessions_fit_into_a_question_and_one_more_does_not() {
    let (app, _around) = start_for_services().await;
    let mut ids: Vec<_> = (0..MAX_SESSIONS).map(|_| SessionId::new()).collect();
    assert_eq!(check(&app, &ids).await.body["sessions"].as_array().unwrap().len(), MAX_SESSIONS);
    ids.push(SessionId::new());
    let answer = check(&app, &ids).await;
    assert_eq!((answer.status, answer.body["errors"][0]["pointer"].as_str()), (422, Some("/ids")));
}

#[actix_web::test]
async fn a_profile_is_told_with_its_version_and_its_absence_is_an_answer() {
    let (app, _around) = start_for_services().await;
    let ann = signed_in(&app, "ann").await;
    patch(&app, "/v1/users/me", &ann.text("access_token"), json!({"display_name": "Ann"})).await;
    let id = ann.body["user"]["id"].as_str().unwrap();
    let wanted = json!({"user_id": id, "version": 2, "username": "ann", "display_name": "Ann", "avatar_url": null});
    let answer = profile(&app, id).await;
    assert_eq!((answer.status, &answer.body["profile"]), (200, &wanted));
    let nobody = profile(&app, &UserId::new().to_string()).await;
    assert_eq!((nobody.status, &nobody.body), (200, &json!({"profile": Value::Null})));
}

#[actix_web::test]
async fn whoever_has_not_the_key_is_not_even_read() {
    let (app, _around) = start_for_services().await;
    let token = signed_in(&app, "ann").await.text("access_token");
    let ours = bearer(SERVICE_KEY).1;
    for wrong in [bearer([8; 32]).1, "Bearer ".to_owned(), ours.replace("Bearer", "Basic"), format!("Bearer {token}")] {
        for (method, path) in [(Method::POST, SESSIONS), (Method::GET, "/internal/v1/users/x")] {
            let asked = request(method, path).insert_header(("authorization", wrong.clone()));
            let answer = ask(&app, asked.set_payload("nonsense")).await;
            assert_eq!((answer.status, answer.code()), (401, "token-invalid"), "{path}");
        }
    }
    let without = ask(&app, request(Method::POST, SESSIONS).set_json(json!({"ids": []}))).await;
    assert_eq!((without.status, without.code()), (401, "token-invalid"));
}

#[actix_web::test]
async fn without_a_key_there_is_nothing_to_ask() {
    let (app, _around) = start().await;
    assert_eq!(check(&app, &[]).await.status, 404);
    assert_eq!(profile(&app, &UserId::new().to_string()).await.status, 404);
}
