//! People who use the REST interface.

use std::net::SocketAddr;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Live;

/// A server, or the nodes of a fleet, as its REST clients see it.
#[derive(Clone)]
pub struct Rest {
    auth: Vec<SocketAddr>,
    chat: Vec<SocketAddr>,
    client: Client,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; `null` when it is empty or something else.
    pub json: Value,
    /// The body as it came.
    pub text: String,
}

/// Somebody with an account, signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub id: String,
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The access token.
    pub token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// The session.
    pub session_id: String,
}

impl Rest {
    /// Clients of the server at this address.
    pub fn new(addr: SocketAddr) -> Self {
        Self::of_fleet(vec![addr], vec![addr])
    }

    /// Clients of these nodes: each request goes to any of those that own its path.
    pub fn of_fleet(auth: Vec<SocketAddr>, chat: Vec<SocketAddr>) -> Self {
        // Plain HTTP: no authority's certificate is read, of which there may be none.
        let client = Client::builder().tls_certs_only([]).build().expect("a client without TLS");
        Self { auth, chat, client }
    }

    /// Where sockets connect: the server, or any of the chat nodes.
    pub fn addr(&self) -> SocketAddr {
        any(&self.chat)
    }

    /// The same fleet, through these chat nodes only.
    pub fn through(&self, chat: &[SocketAddr]) -> Self {
        Self { chat: chat.to_vec(), ..self.clone() }
    }

    /// A request in the making, for what the other functions do not offer.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let owners = if belongs_to_auth(path) { &self.auth } else { &self.chat };
        self.client.request(method, format!("http://{}{path}", any(owners)))
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, json, text }
    }

    /// Sends a request with JSON, or without a body when it is `null`, for a token that may be empty.
    pub async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let mut request = self.request(method, path);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        self.send(request).await
    }

    /// GET.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, Value::Null).await
    }

    /// POST.
    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(Method::POST, path, token, body).await
    }

    /// Signs somebody up, under a name of its own that begins with `name`, and in.
    pub async fn person(&self, name: &str) -> Person {
        let username = format!("{name}_{}", &Uuid::new_v4().simple().to_string()[..8]);
        let password = format!("correct horse of {}", Uuid::new_v4());
        let account = json!({"username": username, "email": format!("{username}@example.org"), "password": password});
        self.post("/v1/auth/signup", "", account).await.expect(201);
        self.sign_in(&username, &password).await
    }

    /// Signs somebody in.
    pub async fn sign_in(&self, username: &str, password: &str) -> Person {
        let signed_in = self.post("/v1/auth/signin", "", json!({"login": username, "password": password})).await;
        let json = signed_in.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Person {
            id: text(&json["user"]["id"]),
            username: username.to_owned(),
            password: password.to_owned(),
            token: text(&json["access_token"]),
            refresh_token: text(&json["refresh_token"]),
            session_id: text(&json["session"]["id"]),
        }
    }

    /// Makes a public room and gives its id.
    pub async fn room(&self, owner: &Person) -> String {
        let name = format!("room_{}", &Uuid::new_v4().simple().to_string()[..12]);
        let made = self.post("/v1/rooms", &owner.token, json!({"name": name, "kind": "public"})).await;
        made.expect(201)["room"]["id"].as_str().unwrap().to_owned()
    }

    /// Lets somebody join a room.
    pub async fn join(&self, person: &Person, room: &str) {
        self.post(&format!("/v1/rooms/{room}/join"), &person.token, Value::Null).await.expect(200);
    }

    /// Sends a message and gives its `seq`.
    pub async fn say(&self, person: &Person, room: &str, body: &str) -> u64 {
        let message = json!({"body": body, "client_msg_id": Uuid::new_v4()});
        let posted = self.post(&format!("/v1/rooms/{room}/messages"), &person.token, message).await;
        posted.expect(201)["message"]["seq"].as_u64().unwrap()
    }

    /// Opens a socket for somebody, without `start`.
    pub async fn socket(&self, person: &Person) -> Live {
        Live::connect(self.addr(), &person.token).await.expect("the socket is opened")
    }

    /// Opens a socket for somebody and starts it with these cursors; gives the reply's rooms by id as well.
    pub async fn live(&self, person: &Person, cursors: Value) -> Live {
        let mut live = self.socket(person).await;
        let started = live.ask("start", json!({"cursors": cursors})).await;
        assert_eq!(started["ok"], true, "{started}");
        live.rooms = started["data"]["rooms"].as_array().unwrap().clone();
        live
    }
}

impl Answer {
    /// Gives the JSON of an answer that has this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json
    }

    /// Checks that the answer is a whole problem of this kind, and gives it.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        assert_eq!(self.json["type"], format!("/problems/{code}"));
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["request_id"], self.headers["x-request-id"].to_str().unwrap());
        assert!(!self.json["title"].as_str().unwrap().is_empty() && self.json["detail"].is_string(), "{}", self.text);
        if matches!(status, 429 | 503) {
            assert!(self.headers.contains_key("retry-after") || code == "draining", "{}", self.text);
        }
        self.json
    }
}

/// One of the nodes, at random.
fn any(nodes: &[SocketAddr]) -> SocketAddr {
    nodes[usize::from(Uuid::new_v4().as_bytes()[0]) % nodes.len()]
}

/// Whether the auth service owns a path; everything else is the chat service's.
fn belongs_to_auth(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let is_user = path.strip_prefix("/v1/users").is_some_and(|rest| rest.matches('/').count() <= 1);
    path.starts_with("/v1/auth/") || path.starts_with("/.well-known/") || path.starts_with("/internal/") || is_user
}
