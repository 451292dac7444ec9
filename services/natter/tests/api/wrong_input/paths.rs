//! Paths that are not there, ids of nothing, and methods that a path does not know.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::Scene;
use super::endpoints::{ENDPOINTS, Endpoint};

/// A good request of ada's or bob's with this in the place of the room's or the user's id.
async fn ask(scene: &Scene, endpoint: &Endpoint, id: &str, token: &str) -> testkit::Answer {
    let path = endpoint.path.replace("{room}", id).replace("{user}", id);
    scene.server.rest.call(endpoint.method(), &path, token, endpoint.good_body(scene)).await
}

fn with_ids() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(|endpoint| endpoint.path.contains('{'))
}

#[tokio::test]
async fn what_is_no_id_and_what_is_the_id_of_nothing_is_not_found() {
    let scene = Scene::open().await;
    let simple = Uuid::now_v7().simple().to_string();
    let braced = format!("%7B{}%7D", Uuid::now_v7());
    let long = "x".repeat(8_000);
    let cut = &scene.room[..35];
    for endpoint in with_ids() {
        for id in ["x", "0", "-1", "null", "%00", "%FF", "%2e%2e", "*", &simple, &braced, &long, cut] {
            ask(&scene, endpoint, id, &scene.ada.token).await.problem(404, "not-found");
        }
        for id in [Uuid::nil(), Uuid::max(), Uuid::now_v7(), Uuid::new_v4()] {
            ask(&scene, endpoint, &id.to_string(), &scene.ada.token).await.problem(404, "not-found");
        }
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn somebody_elses_private_room_looks_like_one_that_does_not_exist() {
    let scene = Scene::open().await;
    let unknown = Uuid::now_v7().to_string();
    for endpoint in with_ids().filter(|endpoint| endpoint.path.contains("{room}")) {
        let (private, none) = (
            ask(&scene, endpoint, &scene.private, &scene.bob.token).await,
            ask(&scene, endpoint, &unknown, &scene.bob.token).await,
        );
        let names =
            |answer: &testkit::Answer| answer.headers.keys().map(|name| name.to_string()).collect::<BTreeSet<_>>();
        assert_eq!(names(&private), names(&none), "{endpoint:?}");
        assert_eq!(private.text.len(), none.text.len(), "{endpoint:?}");
        let (mut private, mut none) = (private.problem(404, "not-found"), none.problem(404, "not-found"));
        for problem in [&mut private, &mut none] {
            problem["request_id"] = Value::Null;
        }
        assert_eq!(private, none, "{endpoint:?}");
    }
    // The owner is in, so it was not for nothing that bob was refused; and bob learns that a public room is there.
    for endpoint in with_ids().filter(|endpoint| endpoint.path == "/v1/rooms/{room}/messages") {
        let answer = ask(&scene, endpoint, &scene.private, &scene.ada.token).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        ask(&scene, endpoint, &scene.room, &scene.bob.token).await.problem(403, "not-a-member");
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_method_that_a_path_does_not_know_is_said_to_be_one() {
    let scene = Scene::open().await;
    let mut known: BTreeMap<&str, Vec<Method>> = BTreeMap::new();
    for endpoint in ENDPOINTS {
        known.entry(endpoint.path).or_default().push(endpoint.method());
    }
    known.insert("/v1/ws", vec![Method::GET]);
    for (path, methods) in known {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
            if methods.contains(&method) {
                continue;
            }
            for token in [scene.ada.token.as_str(), ""] {
                let answer = scene.server.rest.call(method.clone(), &scene.path(path), token, Value::Null).await;
                assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text);
                let allowed = answer.headers["allow"].to_str().unwrap().split(", ").filter(|name| *name != "HEAD");
                let known: BTreeSet<&str> = methods.iter().map(Method::as_str).collect();
                assert_eq!(allowed.collect::<BTreeSet<_>>(), known, "{method} {path}");
                answer.problem(405, "method-not-allowed");
            }
        }
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn what_is_nowhere_is_not_found() {
    let scene = Scene::open().await;
    let inside = scene.path("/v1/rooms/{room}/nothing");
    for path in [
        "/",
        "//",
        "/v1",
        "/v1/",
        "/v2/rooms",
        "/V1/rooms",
        "/v1/rooms/",
        "/v1//rooms",
        "/v1/nothing",
        "/v1/auth",
        "/v1/auth/signin/",
        "/v1/users",
        "/v1/users/me/",
        "/v1/users/me/rooms/x",
        "/.env",
        "/.well-known",
        "/metrics",
        "/problems/",
        "/problems/nothing",
        "/problems/not-found/x",
        "/healthz/x",
        "/%00",
        "/%ff",
        "/docsx",
        &inside,
    ] {
        for method in [Method::GET, Method::POST] {
            if (path, &method) == ("/problems/nothing", &Method::POST) {
                continue;
            }
            let answer = scene.server.rest.call(method.clone(), path, &scene.ada.token, Value::Null).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
            answer.problem(404, "not-found");
        }
    }
    scene.check_unharmed().await;
}
