//! The application under test, and a way to ask it.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, middleware};
use auth_server::{AuthService, AuthSettings, Parts};
use bus::{Bus, LocalBus, Message};
use contract::events::SESSIONS_TOPIC;
use database::DataDir;
use identity::{Expected, Verifier};
use kernel::{Clock, Timestamp};
use process::{Engines, Stores};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const SERVICE_KEY: [u8; 32] = [7; 32];

/// A clock that stands still until it is turned.
pub(crate) struct TurnedClock(AtomicI64);

impl TurnedClock {
    pub(crate) fn turn(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// What is around the application.
pub(crate) struct Around {
    pub(crate) clock: Arc<TurnedClock>,
    /// What came over the bus.
    pub(crate) notes: Arc<Mutex<Vec<Value>>>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) service: AuthService,
    _engines: Engines,
    _home: tempfile::TempDir,
}

/// The application; the type of its service has no name that could be written here.
pub(crate) struct Natter(Box<dyn Fn(TestRequest) -> Answering>);

type Answering = Pin<Box<dyn Future<Output = Answer>>>;

/// A fresh service, without limits.
pub(crate) async fn start() -> (Natter, Around) {
    start_with(false).await
}

pub(crate) async fn start_with(limits_enabled: bool) -> (Natter, Around) {
    launch(limits_enabled, None).await
}

/// A fresh service that other services may ask.
pub(crate) async fn start_for_services() -> (Natter, Around) {
    launch(false, Some(SERVICE_KEY)).await
}

async fn launch(limits_enabled: bool, service_key: Option<[u8; 32]>) -> (Natter, Around) {
    let home = tempfile::tempdir().unwrap();
    let data_dir = Arc::new(DataDir::hold(home.path()).unwrap());
    let clock = Arc::new(TurnedClock(AtomicI64::new(1_795_259_294_000)));
    let bus = Arc::new(LocalBus::new());
    let notes: Arc<Mutex<Vec<Value>>> = Arc::default();
    let heard = Arc::clone(&notes);
    let hear = move |batch: &[Message]| {
        heard.lock().unwrap().extend(batch.iter().map(|note| serde_json::from_slice::<Value>(&note.payload).unwrap()));
    };
    bus.subscribe(SESSIONS_TOPIC, Box::new(hear));
    let settings = AuthSettings { hash_memory_kib: 8_192, hash_passes: 1, hash_threads: 1, ..AuthSettings::default() };
    let engines = Engines { bus, stores: Stores::Embedded(data_dir) };
    let expected = Expected { issuer: "natter".to_owned(), audience: "natter".to_owned() };
    let parts = Parts { engines: &engines, settings, expected, clock: clock.clone(), limits_enabled, service_key };
    let service = AuthService::build(parts).await.unwrap();
    let verifier =
        Arc::new(Verifier::new(service.key_source(), service.live_session_check(), clock.clone(), service.expected()));
    let app = App::new()
        .wrap(middleware::from_fn(web::boundary))
        .app_data(actix_web::web::Data::from(Arc::clone(&verifier)))
        .configure(|config| service.configure(config));
    let around = Around { clock, notes, verifier, service, _engines: engines, _home: home };
    let app = Rc::new(init_service(app).await);
    let answer = move |request: TestRequest| -> Answering {
        let app = Rc::clone(&app);
        Box::pin(async move {
            let response = call_service(&*app, request.to_request()).await;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = read_body(response).await;
            let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
            Answer { status, headers, body }
        })
    };
    (Natter(Box::new(answer)), around)
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field} in {:?}", self.body)).to_owned()
    }
}

/// A request from one address.
pub(crate) fn request(method: Method, path: &str) -> TestRequest {
    TestRequest::default().method(method).uri(path).peer_addr("192.0.2.7:4711".parse().unwrap())
}

pub(crate) async fn ask(app: &Natter, request: TestRequest) -> Answer {
    (app.0)(request).await
}

pub(crate) async fn post(app: &Natter, path: &str, body: Value) -> Answer {
    ask(app, request(Method::POST, path).set_json(body)).await
}

pub(crate) async fn get(app: &Natter, path: &str, token: &str) -> Answer {
    ask(app, request(Method::GET, path).insert_header(("authorization", format!("Bearer {token}")))).await
}

pub(crate) async fn patch(app: &Natter, path: &str, token: &str, body: Value) -> Answer {
    let request = request(Method::PATCH, path).insert_header(("authorization", format!("Bearer {token}")));
    ask(app, request.set_json(body)).await
}

pub(crate) async fn sign_out(app: &Natter, token: &str) -> Answer {
    let path = "/v1/auth/signout";
    ask(app, request(Method::POST, path).insert_header(("authorization", format!("Bearer {token}")))).await
}

pub(crate) async fn sign_up(app: &Natter, username: &str) -> Answer {
    let email = format!("{username}@example.org");
    let body = json!({"username": username, "email": email, "password": PASSWORD});
    post(app, "/v1/auth/signup", body).await
}

/// Makes the account and signs in.
pub(crate) async fn signed_in(app: &Natter, username: &str) -> Answer {
    assert_eq!(sign_up(app, username).await.status, 201);
    let answer = post(app, "/v1/auth/signin", json!({"login": username, "password": PASSWORD})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}
