//! Whatever fails on the way, every message arrives, in its order, and is forgotten.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use auth_usecase::ports::{AccountEvents, Message};
use bus::durable::NotTaken;
use kernel::StoreError;
use uuid::Uuid;

use super::*;
use crate::gateway::OutboxEvents;

#[derive(Default)]
struct Kept(Mutex<BTreeMap<i64, Message>>);

impl Kept {
    fn add(&self, number: i64) {
        let id = Uuid::from_u128(u128::from(number.unsigned_abs()));
        let message = Message { id, topic: "profiles".to_owned(), payload: number.to_string() };
        self.0.lock().unwrap().insert(number, message);
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl Outbox for Kept {
    async fn next(&self, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let kept = self.0.lock().unwrap();
        let waiting = kept.iter().map(|(place, message)| Waiting { place: *place, message: message.clone() });
        Ok(waiting.take(limit as usize).collect())
    }

    async fn sent(&self, places: &[i64]) -> Result<(), StoreError> {
        self.0.lock().unwrap().retain(|place, _| !places.contains(place));
        Ok(())
    }

    async fn waiting(&self, _: u32) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.0.lock().unwrap().len()).unwrap())
    }
}

/// Refuses the calls that its plan says, and takes all that come after.
#[derive(Default)]
struct Sink {
    plan: Mutex<VecDeque<Answer>>,
    tried_at: Mutex<Vec<Instant>>,
    taken: Mutex<Vec<i64>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Takes,
    Refuses,
}

#[async_trait]
impl EventSink for Sink {
    async fn send(&self, topic: &str, id: Uuid, payload: Bytes) -> Result<(), NotTaken> {
        self.tried_at.lock().unwrap().push(Instant::now());
        if self.plan.lock().unwrap().pop_front() == Some(Answer::Refuses) {
            return Err(NotTaken("away".into()));
        }
        let number: i64 = std::str::from_utf8(&payload).unwrap().parse().unwrap();
        assert_eq!((topic, id.as_u128()), ("profiles", u128::from(number.unsigned_abs())));
        self.taken.lock().unwrap().push(number);
        Ok(())
    }
}

struct Scene {
    outbox: Arc<Kept>,
    sink: Arc<Sink>,
    events: OutboxEvents,
}

impl Scene {
    fn new(plan: &[Answer]) -> Self {
        let sink = Sink { plan: Mutex::new(plan.iter().copied().collect()), ..Sink::default() };
        Self { outbox: Arc::default(), sink: Arc::new(sink), events: OutboxEvents::new() }
    }

    fn relay(&self) -> OutboxRelay {
        let (outbox, sink) = (Arc::clone(&self.outbox), Arc::clone(&self.sink));
        OutboxRelay { outbox, sink, bell: self.events.bell(), failures: 0, warned_at: None }
    }

    /// Until nothing waits. The runtime's clock jumps where everybody sleeps.
    async fn emptied(&self) -> Duration {
        let begun = Instant::now();
        while !self.outbox.is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(600), "it is never emptied");
            tokio::time::advance(Duration::from_millis(1)).await;
            tokio::task::yield_now().await;
        }
        begun.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_in_order_and_forgotten() {
    let scene = Scene::new(&[]);
    (0..250).for_each(|number| scene.outbox.add(number));
    tokio::spawn(scene.relay().run());
    scene.emptied().await;
    assert_eq!(*scene.sink.taken.lock().unwrap(), (0..250).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_rung_for_is_sent_at_once_and_another_nodes_within_a_second() {
    let scene = Scene::new(&[]);
    tokio::spawn(scene.relay().run());
    tokio::time::advance(LOOK_EVERY / 2).await;
    scene.outbox.add(1);
    scene.events.committed();
    assert!(scene.emptied().await < LOOK_EVERY / 10);
    scene.outbox.add(2);
    let waited = scene.emptied().await;
    assert!(waited > LOOK_EVERY / 10 && waited <= Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_away_is_asked_ever_less_often_and_nothing_is_lost() {
    let scene = Scene::new(&[Answer::Refuses; 12]);
    (0..3).for_each(|number| scene.outbox.add(number));
    tokio::spawn(scene.relay().run());
    // However often somebody rings, it is not hurried.
    while !scene.outbox.is_empty() {
        scene.events.committed();
        tokio::time::advance(Duration::from_millis(10)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(*scene.sink.taken.lock().unwrap(), [0, 1, 2]);
    let tried_at = scene.sink.tried_at.lock().unwrap();
    let rests: Vec<Duration> = tried_at.windows(2).map(|pair| pair[1] - pair[0]).take(12).collect();
    assert!(rests[0] >= FIRST_REST && rests[0] < FIRST_REST * 2, "{rests:?}");
    assert!(rests[11] >= LONGEST_REST && rests[11] < LONGEST_REST * 2, "{rests:?}");
    assert!(rests.is_sorted_by(|one, next| *one <= *next + Duration::from_millis(20)), "{rests:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_before_a_failure_is_not_sent_again() {
    let scene = Scene::new(&[Answer::Takes, Answer::Refuses]);
    (0..3).for_each(|number| scene.outbox.add(number));
    let relay = scene.relay();
    assert!(relay.send_some().await.is_err());
    assert!(!relay.send_some().await.unwrap(), "there is nothing more");
    assert_eq!(*scene.sink.taken.lock().unwrap(), [0, 1, 2]);
    assert!(scene.outbox.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_relay_ends_with_the_service() {
    for plan in [&[][..], &[Answer::Refuses; 1_000]] {
        let Scene { outbox, sink, events } = Scene::new(plan);
        outbox.add(1);
        let relay = OutboxRelay { outbox, sink, bell: events.bell(), failures: 0, warned_at: None };
        let relay = tokio::spawn(relay.run());
        tokio::time::advance(LOOK_EVERY * 10).await;
        assert!(!relay.is_finished());
        drop(events);
        timeout(LONGEST_REST / 10, relay).await.expect("it ends at once").unwrap();
    }
}
