//! Tokens that are missing, of another kind, of another server, expired, or of a session that has ended.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::Value;

use super::Scene;
use super::endpoints::{ENDPOINTS, Endpoint};
use crate::server::Server;

fn guarded() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(|endpoint| endpoint.token)
}

/// Checks that every endpoint refuses an `Authorization` header, or none.
async fn refused_everywhere(scene: &Scene, authorization: Option<&str>, code: &str) {
    for endpoint in guarded() {
        let mut request = scene.server.rest.request(endpoint.method(), &scene.path(endpoint.path));
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let body = endpoint.good_body(scene);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = scene.server.rest.send(request).await;
        assert_eq!(answer.status, 401, "{endpoint:?} {authorization:?}: {}", answer.text);
        assert!(answer.headers.contains_key(WWW_AUTHENTICATE), "{endpoint:?}");
        answer.problem(401, code);
    }
}

#[tokio::test]
async fn without_a_token_of_ours_nothing_is_done() {
    let scene = Scene::open().await;
    let good = &scene.ada.token;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let altered = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", head.split('.').nth(1).unwrap());
    let long = "x".repeat(20_000);
    for token in ["", "x", "a.b.c", "null", &altered, &unsigned, &scene.ada.refresh_token, &long, &format!("{good} x")]
    {
        refused_everywhere(&scene, Some(&format!("Bearer {token}")), "token-invalid").await;
    }
    for authorization in [good.clone(), format!("Basic {good}"), format!("Token {good}"), "Bearer".to_owned()] {
        refused_everywhere(&scene, Some(&authorization), "token-invalid").await;
    }
    refused_everywhere(&scene, None, "token-invalid").await;
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_token_that_another_server_signed_is_worth_nothing() {
    let (scene, other) = (Scene::open().await, Server::start(&[]).await);
    let stranger = other.rest.person("ada").await;
    other.rest.get("/v1/users/me", &stranger.token).await.expect(200);
    refused_everywhere(&scene, Some(&format!("Bearer {}", stranger.token)), "token-invalid").await;
    let refresh = serde_json::json!({"refresh_token": stranger.refresh_token});
    scene.server.rest.post("/v1/auth/refresh", "", refresh).await.problem(401, "token-invalid");
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_token_of_a_session_that_has_ended_is_worth_nothing() {
    let scene = Scene::open().await;
    let ended = scene.server.rest.sign_in(&scene.ada.username, &scene.ada.password).await;
    scene.server.rest.post("/v1/auth/signout", &ended.token, Value::Null).await.expect(204);
    refused_everywhere(&scene, Some(&format!("Bearer {}", ended.token)), "session-revoked").await;
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_token_is_good_for_five_minutes_and_the_leeway_and_not_a_second_more() {
    let scene = Scene::open().await;
    let bearer = format!("bearer {}", scene.ada.token);
    scene.server.clock.forward(Duration::from_secs(300));
    let request = scene.server.rest.request(reqwest::Method::GET, "/v1/users/me").header(AUTHORIZATION, &bearer);
    scene.server.rest.send(request).await.expect(200);
    scene.server.clock.forward(Duration::from_secs(31));
    refused_everywhere(&scene, Some(&bearer), "token-expired").await;
    scene.check_unharmed().await;
}
