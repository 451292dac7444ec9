//! A real Redis, and an auth service that says what it is told to.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::web::{Data, Json, post};
use actix_web::{App, HttpResponse, HttpServer};
use bus::{Channel, LocalBus, Message};
use bytes::Bytes;
use contract::events::SessionEndReason;
use contract::internal::{CheckSessions, CheckedSessions};
use database::redis::{LiveTimes, RedisSettings};
use kernel::SystemClock;
use testkit::RedisServer;

use super::*;

/// The auth service's store.
#[derive(Default)]
struct Auth {
    states: Mutex<HashMap<SessionId, internal::SessionState>>,
    asked: AtomicU32,
}

impl Auth {
    fn has(&self, state: internal::SessionState) -> SessionId {
        let id = SessionId::new();
        self.states.lock().unwrap().insert(id, state);
        id
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn check_sessions(auth: Data<Auth>, Json(asked): Json<CheckSessions>) -> HttpResponse {
    auth.asked.fetch_add(1, Ordering::SeqCst);
    let states = auth.states.lock().unwrap();
    let check = |id| {
        let state = states.get(&id).copied().unwrap_or(internal::SessionState::Over);
        let live = state == internal::SessionState::Live;
        let expires_at = live.then(|| SystemClock.now().plus(Duration::from_secs(1_000)));
        CheckedSession { id, state, expires_at }
    };
    HttpResponse::Ok().json(CheckedSessions { sessions: asked.ids.into_iter().map(check).collect() })
}

struct Scene {
    auth: Arc<Auth>,
    server: actix_web::dev::ServerHandle,
    redis: RedisLiveSessions,
    sessions: SharedLiveSessions,
}

impl Scene {
    async fn new() -> Self {
        let auth = Arc::new(Auth::default());
        let data = Data::from(Arc::clone(&auth));
        let server = HttpServer::new(move || {
            App::new().app_data(data.clone()).route("/internal/v1/sessions", post().to(check_sessions))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let client = AuthClient::new(&format!("http://{}", server.addrs()[0]), [7; 32]).unwrap();
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let prefix = format!("test-{}", SessionId::new());
        let settings = RedisSettings { url: Some(RedisServer::shared().await.url()), prefix, timeout_ms: 1_000 };
        let redis = Redis::start(&settings).unwrap().unwrap();
        redis.available().await;
        // It believes Redis from the start on; that a real node does not is tested where that is written.
        let times = LiveTimes { distrust: Duration::ZERO, ..LiveTimes::default() };
        let redis = RedisLiveSessions::with_times(redis, times);
        let sessions = SharedLiveSessions::on(redis.clone(), client, Arc::new(SystemClock));
        Self { auth, server: handle, redis, sessions }
    }
}

#[actix_web::test]
async fn a_session_is_asked_of_auth_once_and_then_remembered_by_redis() {
    let scene = Scene::new().await;
    let live = scene.auth.has(internal::SessionState::Live);
    for _ in 0..3 {
        assert_eq!(scene.sessions.check(live).await, Ok(SessionState::Live));
    }
    assert_eq!(scene.sessions.dead(&[live]).await, Ok(vec![]));
    assert_eq!(scene.auth.asked(), 1);
    scene.server.stop(false).await;
    // Its worker may still answer for a moment.
    testkit::until("the auth service is gone", || async {
        scene.sessions.check(SessionId::new()).await.is_err().then_some(())
    })
    .await;
    assert_eq!(scene.sessions.check(live).await, Ok(SessionState::Live), "Redis remembers it");
    assert_eq!(scene.sessions.check(SessionId::new()).await, Err(Unavailable));
    assert_eq!(scene.sessions.dead(&[live, SessionId::new()]).await, Err(Unavailable));
}

#[actix_web::test]
async fn what_is_over_or_disabled_is_told_apart_and_not_remembered_as_live() {
    let scene = Scene::new().await;
    let over = scene.auth.has(internal::SessionState::Over);
    let disabled = scene.auth.has(internal::SessionState::AccountDisabled);
    for _ in 0..2 {
        assert_eq!(scene.sessions.check(over).await, Ok(SessionState::Over));
        assert_eq!(scene.sessions.check(disabled).await, Ok(SessionState::AccountDisabled));
    }
    assert_eq!(scene.auth.asked(), 4);
}

#[actix_web::test]
async fn the_dead_of_many_are_found_in_one_question_and_the_living_remembered() {
    let scene = Scene::new().await;
    let live: Vec<_> = (0..300).map(|_| scene.auth.has(internal::SessionState::Live)).collect();
    let disabled = scene.auth.has(internal::SessionState::AccountDisabled);
    let (unknown, ended) = (SessionId::new(), scene.auth.has(internal::SessionState::Live));
    scene.redis.revoke(ended, SystemClock.now()).await;
    let all = [live.clone(), vec![disabled, unknown, ended]].concat();
    let mut wanted =
        vec![(disabled, SessionState::AccountDisabled), (unknown, SessionState::Over), (ended, SessionState::Over)];
    wanted.sort_by_key(|(id, _)| *id);
    for asked in [1, 2] {
        let mut dead = scene.sessions.dead(&all).await.unwrap();
        dead.sort_by_key(|(id, _)| *id);
        assert_eq!(dead, wanted);
        assert_eq!(scene.auth.asked(), asked);
    }
    scene.sessions.dead(&live).await.unwrap();
    assert_eq!(scene.auth.asked(), 2, "Redis was not taught");
}

#[actix_web::test]
async fn more_sessions_than_one_question_takes_are_asked_in_several() {
    let scene = Scene::new().await;
    let unknown: Vec<_> = (0..=MAX_SESSIONS).map(|_| SessionId::new()).collect();
    assert_eq!(scene.sessions.dead(&unknown).await.unwrap().len(), unknown.len());
    assert_eq!(scene.auth.asked(), 2);
}

#[actix_web::test]
async fn an_end_that_the_bus_has_told_wins_over_redis_and_auth() {
    let scene = Scene::new().await;
    let live = scene.auth.has(internal::SessionState::Live);
    assert_eq!(scene.sessions.check(live).await, Ok(SessionState::Live));
    let bus = LocalBus::new();
    scene.sessions.hear(&bus);
    let note = SessionEnded { session_id: live, reason: SessionEndReason::SignedOut };
    let payload = Bytes::from(serde_json::to_vec(&note).unwrap());
    let nonsense = Message { channel: Channel::Everyone, payload: Bytes::from_static(b"nonsense") };
    bus.publish(SESSIONS_TOPIC, &[nonsense, Message { channel: Channel::Everyone, payload }]);
    assert_eq!(scene.sessions.check(live).await, Ok(SessionState::Over));
    assert_eq!(scene.sessions.dead(&[live]).await, Ok(vec![(live, SessionState::Over)]));
}
