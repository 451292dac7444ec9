//! Every endpoint, and a request that it would take.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Scene;

/// What an endpoint takes as its body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Body {
    /// It does not look.
    Ignored,
    /// Nothing, or `{}`.
    Empty,
    /// JSON.
    Json,
}

/// One method of one path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Body,
    /// Whether it wants an access token.
    pub(crate) token: bool,
}

const fn open(method: &'static str, path: &'static str, body: Body) -> Endpoint {
    Endpoint { method, path, body, token: false }
}

const fn guarded(method: &'static str, path: &'static str, body: Body) -> Endpoint {
    Endpoint { method, path, body, token: true }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    open("POST", "/v1/auth/signup", Body::Json),
    open("POST", "/v1/auth/signin", Body::Json),
    open("POST", "/v1/auth/refresh", Body::Json),
    guarded("POST", "/v1/auth/signout", Body::Empty),
    open("GET", "/.well-known/jwks.json", Body::Ignored),
    guarded("GET", "/v1/users/me", Body::Ignored),
    guarded("PATCH", "/v1/users/me", Body::Json),
    guarded("GET", "/v1/users/{user}", Body::Ignored),
    guarded("GET", "/v1/users/me/rooms", Body::Ignored),
    guarded("GET", "/v1/rooms", Body::Ignored),
    guarded("POST", "/v1/rooms", Body::Json),
    guarded("GET", "/v1/rooms/{room}", Body::Ignored),
    guarded("POST", "/v1/rooms/{room}/join", Body::Empty),
    guarded("POST", "/v1/rooms/{room}/leave", Body::Empty),
    guarded("GET", "/v1/rooms/{room}/members", Body::Ignored),
    guarded("GET", "/v1/rooms/{room}/messages", Body::Ignored),
    guarded("POST", "/v1/rooms/{room}/messages", Body::Json),
    guarded("GET", "/v1/rooms/{room}/events", Body::Ignored),
    guarded("PUT", "/v1/rooms/{room}/read", Body::Json),
    guarded("GET", "/v1/presence", Body::Ignored),
    guarded("POST", "/v1/ws/tickets", Body::Empty),
    open("GET", "/v1/meta", Body::Ignored),
    open("GET", "/healthz", Body::Ignored),
    open("GET", "/readyz", Body::Ignored),
    open("GET", "/problems/not-found", Body::Ignored),
];

impl Endpoint {
    /// A request to it, on a path with real ids.
    pub(crate) fn request(&self, scene: &Scene) -> RequestBuilder {
        self.request_to(scene, &scene.path(self.path))
    }

    /// A request to it on this path, by ada where a token is wanted, without a body.
    pub(crate) fn request_to(&self, scene: &Scene, path: &str) -> RequestBuilder {
        let request = scene.server.rest.request(self.method(), path);
        if self.token { request.bearer_auth(&scene.ada.token) } else { request }
    }

    pub(crate) fn method(&self) -> Method {
        self.method.parse().unwrap()
    }

    /// What it takes; `null` for no body.
    pub(crate) fn good_body(&self, scene: &Scene) -> Value {
        match (self.body, self.path) {
            (Body::Ignored | Body::Empty, _) => Value::Null,
            (Body::Json, "/v1/auth/signup") => json!({
                "username": "newcomer", "email": "newcomer@example.org", "password": "a fine long one",
                "display_name": "New",
            }),
            (Body::Json, "/v1/auth/signin") => {
                json!({"login": scene.ada.username, "password": scene.ada.password, "device": "phone"})
            }
            (Body::Json, "/v1/auth/refresh") => json!({"refresh_token": scene.ada.refresh_token}),
            (Body::Json, "/v1/users/me") => json!({"display_name": "Ada"}),
            (Body::Json, "/v1/rooms") => json!({"name": "new", "kind": "public"}),
            (Body::Json, "/v1/rooms/{room}/messages") => json!({"body": "hello", "client_msg_id": Uuid::new_v4()}),
            (Body::Json, "/v1/rooms/{room}/read") => json!({"seq": 1}),
            (Body::Json, path) => panic!("nobody has said what {path} takes"),
        }
    }
}
