//! What passes between services and must not be lost.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::durable::{EventHandler, EventSink, JetStream, NotApplied};
use bus::{Nats, NatsSettings};
use bytes::Bytes;
use testkit::{NatsServer, until};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Notes what it applies; the first `failures` times it fails.
#[derive(Default)]
struct Applied {
    events: Mutex<Vec<String>>,
    failures: AtomicU32,
}

#[async_trait]
impl EventHandler for Applied {
    async fn apply(&self, payload: Bytes) -> Result<(), NotApplied> {
        let fails = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails {
            return Err(NotApplied("on purpose".into()));
        }
        self.events.lock().unwrap().push(String::from_utf8(payload.to_vec()).unwrap());
        Ok(())
    }
}

impl Applied {
    fn distinct(&self) -> usize {
        self.events.lock().unwrap().iter().collect::<HashSet<_>>().len()
    }
}

async fn stream(server: &NatsServer, prefix: &str) -> JetStream {
    let settings = NatsSettings { url: Some(server.url()), prefix: prefix.to_owned(), ..NatsSettings::default() };
    JetStream::new(&Nats::connect(settings, "test").await.unwrap())
}

async fn consumer(server: &NatsServer, prefix: &str, applied: &Arc<Applied>) -> JoinHandle<()> {
    let stream = stream(server, prefix).await;
    let applied = Arc::clone(applied) as Arc<dyn EventHandler>;
    tokio::spawn(async move { stream.consume("readers", "things", applied).await })
}

async fn send(stream: &JetStream, text: &str, id: Uuid) {
    until("the event is taken", async || stream.send("things", id, text.to_owned().into()).await.ok()).await;
}

#[tokio::test]
async fn events_wait_for_who_is_not_there_yet_and_each_goes_to_one_of_the_nodes() {
    let server = NatsServer::shared().await;
    let prefix = format!("t{}", Uuid::new_v4().simple());
    let sink = stream(server, &prefix).await;
    for n in 0..50 {
        let id = Uuid::new_v4();
        send(&sink, &n.to_string(), id).await;
        send(&sink, &n.to_string(), id).await;
    }
    let (one, other) = (Arc::<Applied>::default(), Arc::<Applied>::default());
    let tasks = [consumer(server, &prefix, &one).await, consumer(server, &prefix, &other).await];
    until("all are applied", async || (one.distinct() + other.distinct() == 50).then_some(())).await;
    let applied = one.events.lock().unwrap().len() + other.events.lock().unwrap().len();
    assert_eq!(applied, 50, "a repeat was applied, or an event went to both");
    tasks.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn an_event_that_could_not_be_applied_comes_again() {
    let server = NatsServer::shared().await;
    let prefix = format!("t{}", Uuid::new_v4().simple());
    let applied = Arc::new(Applied { failures: AtomicU32::new(2), ..Applied::default() });
    let task = consumer(server, &prefix, &applied).await;
    send(&stream(server, &prefix).await, "hard", Uuid::new_v4()).await;
    until("it is applied in the end", async || (applied.distinct() == 1).then_some(())).await;
    assert_eq!(applied.failures.load(Ordering::SeqCst), 0);
    task.abort();
}

#[tokio::test]
async fn while_nats_is_away_nothing_is_taken_and_afterwards_everything_goes_on() {
    let server = NatsServer::start().await;
    let applied = Arc::<Applied>::default();
    let task = consumer(&server, "away", &applied).await;
    let sink = stream(&server, "away").await;
    send(&sink, "before", Uuid::new_v4()).await;
    until("the first is applied", async || (applied.distinct() == 1).then_some(())).await;
    server.kill().await;
    assert!(sink.send("things", Uuid::new_v4(), "lost?".into()).await.is_err(), "taken by nobody");
    server.restart().await;
    send(&sink, "after", Uuid::new_v4()).await;
    until("the second is applied", async || {
        applied.events.lock().unwrap().iter().any(|event| event == "after").then_some(())
    })
    .await;
    task.abort();
}
