//! Nobody with a good token is told that it is none, and strangers cannot make a node ask more than it should.

use std::collections::VecDeque;
use std::sync::Mutex as Lock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use testkit::FakeClock;
use tokio::sync::Notify;

use super::*;

/// An auth service with a set of keys, which can be away, and which counts the questions.
#[derive(Default)]
struct Auth {
    kids: Lock<Vec<String>>,
    is_away: Lock<bool>,
    asked: Lock<u32>,
    /// When it is there, answers wait for it.
    gate: Lock<Option<Arc<Notify>>>,
    /// Sets that are told before the others.
    told_first: Lock<VecDeque<Vec<Jwk>>>,
}

impl Auth {
    fn signs_with(&self, kids: &[&str]) {
        *self.kids.lock().unwrap() = kids.iter().map(|kid| (*kid).to_owned()).collect();
    }

    fn goes_away(&self, away: bool) {
        *self.is_away.lock().unwrap() = away;
    }

    fn asked(&self) -> u32 {
        *self.asked.lock().unwrap()
    }
}

fn jwk(kid: &str) -> Jwk {
    let pair = Ed25519KeyPair::generate().unwrap();
    Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        usage: "sig".to_owned(),
        alg: "EdDSA".to_owned(),
        kid: kid.to_owned(),
        x: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
    }
}

#[async_trait]
impl JwksSource for Arc<Auth> {
    async fn fetch(&self) -> Result<Jwks, CallError> {
        *self.asked.lock().unwrap() += 1;
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        if *self.is_away.lock().unwrap() {
            return Err(CallError::TimedOut);
        }
        if let Some(keys) = self.told_first.lock().unwrap().pop_front() {
            return Ok(Jwks { keys });
        }
        Ok(Jwks { keys: self.kids.lock().unwrap().iter().map(|kid| jwk(kid)).collect() })
    }
}

struct Scene {
    auth: Arc<Auth>,
    clock: Arc<FakeClock>,
    keys: Arc<RemoteKeys>,
}

impl Scene {
    /// A node that has fetched the keys of an auth service that signs with `old`.
    async fn new() -> Self {
        let scene = Self::unreached();
        scene.auth.signs_with(&["old"]);
        scene.keys.shared.refresh().await.unwrap();
        assert!(scene.keys.key("old").is_some());
        scene
    }

    /// A node that has never reached the auth service.
    fn unreached() -> Self {
        let (auth, clock) = (Arc::new(Auth::default()), Arc::new(FakeClock::default()));
        let keys = RemoteKeys::of(Arc::clone(&auth), Arc::clone(&clock) as Arc<dyn Clock>);
        Self { auth, clock, keys: Arc::new(keys) }
    }

    /// Asks for the key of a token that was issued a moment ago.
    async fn find(&self, kid: &str) -> Result<bool, Unavailable> {
        self.keys.find(kid, self.clock.now()).await.map(|found| found.is_some())
    }

    fn later(&self, seconds: u64) {
        self.clock.forward(Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_when_the_first_token_names_it() {
    let scene = Scene::new().await;
    scene.later(60);
    scene.auth.signs_with(&["new", "old"]);
    assert_eq!(scene.find("new").await, Ok(true));
    assert!(scene.keys.key("new").is_some() && scene.keys.key("old").is_some());
    assert_eq!(scene.auth.asked(), 2);
}

#[tokio::test]
async fn a_key_that_would_be_known_if_there_were_one_costs_no_question() {
    let scene = Scene::new().await;
    let before = scene.clock.now();
    scene.later(10 * 60);
    scene.keys.shared.refresh().await.unwrap();
    assert_eq!(scene.keys.find("made up", before).await.map(|found| found.is_some()), Ok(false));
    assert_eq!(scene.auth.asked(), 2);
}

#[tokio::test]
async fn a_token_that_is_a_little_older_than_the_keys_may_come_from_a_clock_that_is_behind() {
    let scene = Scene::new().await;
    scene.auth.signs_with(&["new"]);
    let skewed = Timestamp::from_millis(scene.clock.now().as_millis() - 119_000);
    assert!(scene.keys.find("new", skewed).await.unwrap().is_some());
}

#[tokio::test]
async fn a_flood_of_made_up_keys_costs_one_question_in_thirty_seconds_and_locks_nobody_out_for_longer() {
    let scene = Scene::new().await;
    scene.later(60);
    assert_eq!(scene.find("made up").await, Ok(false), "the auth service has just said so");
    scene.auth.signs_with(&["new", "old"]);
    for number in 0..100 {
        assert_eq!(scene.find(&format!("made up {number}")).await, Err(Unavailable));
    }
    assert_eq!(scene.find("new").await, Err(Unavailable), "nobody knows, so nobody says that it is none");
    assert_eq!(scene.auth.asked(), 2);
    scene.later(29);
    assert_eq!(scene.find("new").await, Err(Unavailable));
    scene.later(1);
    assert_eq!(scene.find("new").await, Ok(true));
    assert_eq!(scene.auth.asked(), 3);
}

#[tokio::test]
async fn while_the_auth_service_is_away_the_last_known_keys_serve_and_others_are_not_judged() {
    let scene = Scene::new().await;
    scene.auth.goes_away(true);
    scene.later(24 * 60 * 60);
    assert_eq!(scene.find("new").await, Err(Unavailable));
    assert!(scene.keys.shared.refresh().await.is_err());
    assert!(scene.keys.key("old").is_some());
    scene.auth.goes_away(false);
    scene.auth.signs_with(&["new"]);
    scene.later(30);
    assert_eq!(scene.find("new").await, Ok(true));
    assert!(scene.keys.key("old").is_none(), "a key that was taken back still serves");
}

#[tokio::test]
async fn a_node_that_has_never_reached_the_auth_service_judges_no_token() {
    let scene = Scene::unreached();
    scene.auth.goes_away(true);
    for _ in 0..3 {
        assert_eq!(scene.keys.find("any", Timestamp::from_millis(0)).await.err(), Some(Unavailable));
    }
    assert_eq!(scene.auth.asked(), 1);
}

#[tokio::test]
async fn a_set_without_a_key_of_ours_is_no_answer() {
    let scene = Scene::new().await;
    let odd = Jwk { kty: "RSA".to_owned(), ..jwk("old") };
    let short = Jwk { x: "AAAA".to_owned(), ..jwk("old") };
    scene.auth.told_first.lock().unwrap().extend([vec![], vec![odd], vec![short]]);
    for _ in 0..3 {
        assert!(scene.keys.shared.refresh().await.is_err());
    }
    assert!(scene.keys.key("old").is_some());
}

#[tokio::test]
async fn a_stranger_who_hangs_up_does_not_take_the_fetch_along() {
    let scene = Scene::new().await;
    scene.later(60);
    scene.auth.signs_with(&["new"]);
    let gate = Arc::new(Notify::new());
    *scene.auth.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let (keys, now) = (Arc::clone(&scene.keys), scene.clock.now());
    let stranger = tokio::spawn(async move { keys.find("made up", now).await.map(|found| found.is_some()) });
    let asked = async || (scene.auth.asked() == 2).then_some(());
    testkit::until("the fetch has begun", asked).await;
    stranger.abort();
    assert!(stranger.await.unwrap_err().is_cancelled());
    *scene.auth.gate.lock().unwrap() = None;
    gate.notify_one();
    assert_eq!(scene.find("new").await, Ok(true));
    assert_eq!(scene.auth.asked(), 2, "the stranger's question was enough");
}
