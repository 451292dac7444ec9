//! PostgreSQL dies, or stops: what was acknowledged stays, what was refused never appears, and nobody waits for ever.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chat_entity::{EventContent, Message, Profile, Seq};
use chat_usecase::port::{Appended, Entry, Log};
use database::postgres::PostgresSettings;
use kernel::{MessageId, RoomId, StoreError};
use testkit::{PostgresServer, until};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::samples::{entry, person, public_room};
use crate::stores::{Backing, Stores, migrated, postgres_stores};

/// How soon after the server is back the store must be.
const RECOVERY: Duration = Duration::from_secs(5);
/// Short, so that a test takes no longer than it must.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The time for a statement, what is added for the answer to arrive, and a connection that is tried.
const LONGEST_CALL: Duration = Duration::from_millis(1_000 + 500 + 1_000 + 1_500);

/// A server of its own, for a test that hurts it.
struct Own {
    server: PostgresServer,
    settings: PostgresSettings,
}

#[async_trait]
impl Backing for Own {
    async fn open(self: Arc<Self>) -> Stores {
        postgres_stores(&self.settings.clone(), self).await
    }

    async fn archive(&self, _: RoomId) {}
}

async fn own(adjust: impl FnOnce(&mut PostgresSettings)) -> (Arc<Own>, Stores) {
    let server = PostgresServer::start().await;
    let url = Some(migrated(server.create_database().await).await);
    let timeout = u64::try_from(TIMEOUT.as_millis()).unwrap();
    let mut settings = PostgresSettings {
        url,
        statement_timeout_ms: timeout,
        connect_timeout_ms: timeout,
        ..PostgresSettings::default()
    };
    adjust(&mut settings);
    let own = Arc::new(Own { server, settings });
    let stores = Arc::clone(&own).open().await;
    (own, stores)
}

/// What senders were told.
#[derive(Default)]
struct Told {
    acknowledged: Vec<Message>,
    refused: Vec<Entry>,
    unknown: Vec<Entry>,
}

/// Sends one message after the other until it is told to stop.
async fn keep_sending(
    (log, author, room): (Arc<dyn Log>, Profile, RoomId),
    acknowledged: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) -> Told {
    let mut told = Told::default();
    // A sender that is refused at once does not try as fast as it can.
    let mut pace = interval(Duration::from_millis(2));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        pace.tick().await;
        let sent = entry(&author, room, &format!("{}", told.acknowledged.len()));
        match log.append(sent.clone()).await {
            Ok(Appended::Created(message)) => {
                acknowledged.fetch_add(1, Ordering::Relaxed);
                told.acknowledged.push(*message);
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                failed.fetch_add(1, Ordering::Relaxed);
                match error {
                    StoreError::Unknown(_) => told.unknown.push(sent),
                    StoreError::Unavailable(_) | StoreError::Overloaded => told.refused.push(sent),
                }
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_under_load_loses_nothing_invents_nothing_and_is_over_soon() {
    let (own, stores) = own(|_| {}).await;
    let ada = person(&stores, "ada").await;
    let mut rooms = Vec::new();
    for n in 0..6 {
        rooms.push(public_room(&stores, &ada, &format!("room{n}")).await);
    }
    let (acknowledged, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for n in 0..24 {
        let sender = (stores.log.clone(), ada.clone(), rooms[n % rooms.len()]);
        senders.spawn(keep_sending(sender, acknowledged.clone(), failed.clone(), stop.clone()));
    }
    for _ in 0..3 {
        let (before, failures) = (acknowledged.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
        until("messages are acknowledged", async || {
            (acknowledged.load(Ordering::Relaxed) > before + 300).then_some(())
        })
        .await;
        own.server.kill().await;
        until("senders are refused", async || (failed.load(Ordering::Relaxed) > failures + 100).then_some(())).await;
        own.server.restart().await;
        let (back, before) = (Instant::now(), acknowledged.load(Ordering::Relaxed));
        until("messages are acknowledged again", async || {
            (acknowledged.load(Ordering::Relaxed) > before).then_some(())
        })
        .await;
        assert!(back.elapsed() < RECOVERY, "writing took {:?}", back.elapsed());
        until("the log is read again", async || stores.log.epoch().await.ok()).await;
        assert!(back.elapsed() < RECOVERY, "reading took {:?}", back.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    let mut told = Told::default();
    for one in senders.join_all().await {
        told.acknowledged.extend(one.acknowledged);
        told.refused.extend(one.refused);
        told.unknown.extend(one.unknown);
    }
    check(&stores, &rooms, told).await;
}

/// Compares what senders were told with what is in the logs.
async fn check(stores: &Stores, rooms: &[RoomId], told: Told) {
    assert!(!told.acknowledged.is_empty() && !told.refused.is_empty());
    // A retry with the same id settles what is unknown, and settles it once.
    let begun = Instant::now();
    let mut settled = HashSet::new();
    for entry in told.unknown {
        for _ in 0..2 {
            let again = Entry { message_id: MessageId::new(), ..entry.clone() };
            // Each writer notices by itself that the server is back, and this room's may be the last: it says so.
            let outcome = until("the room's writer is back", async || match stores.log.append(again.clone()).await {
                Err(StoreError::Unavailable(_)) => None,
                outcome => Some(outcome.unwrap()),
            })
            .await;
            assert!(begun.elapsed() < RECOVERY, "a writer took {:?}", begun.elapsed());
            assert!(matches!(outcome, Appended::Created(_) | Appended::Repeated(_)), "{outcome:?}");
        }
        settled.insert(entry.draft.client_msg_id);
    }
    let mut logged = HashMap::new();
    for room in rooms {
        let log = stores.log.tail(*room, Seq::ZERO, 1_000_000).await.unwrap();
        let places: Vec<u64> = log.iter().map(|event| event.seq.get()).collect();
        assert_eq!(places, (1..=log.len() as u64).collect::<Vec<_>>(), "the log has a gap or a repeat");
        for event in log {
            if let EventContent::MessageCreated(message) = event.content {
                let twin = logged.insert(message.client_msg_id, *message);
                assert_eq!(twin, None, "a message is there twice");
            }
        }
    }
    for message in &told.acknowledged {
        assert_eq!(logged.get(&message.client_msg_id), Some(message), "an acknowledged message is lost or changed");
    }
    for refused in &told.refused {
        assert!(!logged.contains_key(&refused.draft.client_msg_id), "a refused message is there");
    }
    assert!(settled.iter().all(|id| logged.contains_key(id)));
    assert_eq!(logged.len(), told.acknowledged.len() + settled.len(), "a message is there that nobody was told of");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_keeps_nobody_for_long_and_refuses_at_once_those_who_are_too_many() {
    let (own, stores) = own(|settings| {
        (settings.pool_size, settings.pool_queue) = (2, 4);
        (settings.writers, settings.writer_queue) = (1, 8);
    })
    .await;
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    let first = stores.log.append(entry(&ada, room, "before")).await.unwrap();
    assert!(matches!(first, Appended::Created(_)));
    own.server.pause().await;
    let mut calls = JoinSet::new();
    for n in 0..40 {
        let (log, entry) = (stores.log.clone(), entry(&ada, room, &n.to_string()));
        let begun = Instant::now();
        calls.spawn(async move { (log.append(entry).await.map(drop), begun.elapsed()) });
        let log = stores.log.clone();
        calls.spawn(async move { (log.tail(room, Seq::ZERO, 10).await.map(drop), begun.elapsed()) });
    }
    let mut overloaded = 0;
    for (answer, took) in calls.join_all().await {
        let error = answer.expect_err("nobody can be answered");
        if matches!(error, StoreError::Overloaded) {
            overloaded += 1;
            assert!(took < Duration::from_millis(500), "it took {took:?} to say that there are too many");
        }
        assert!(took < LONGEST_CALL, "{error} after {took:?}");
    }
    // Of the appends one batch is with the server and eight may wait; of the reads two and four.
    assert!(overloaded >= 40 - 9 - 8 + 40 - 6 - 6, "only {overloaded} were told that they are too many");
    own.server.resume().await;
    let back = Instant::now();
    until("messages are acknowledged again", async || stores.log.append(entry(&ada, room, "after")).await.ok()).await;
    until("the log is read again", async || stores.log.tail(room, Seq::ZERO, 10).await.ok()).await;
    assert!(back.elapsed() < RECOVERY, "{:?}", back.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_ended_from_outside_is_opened_again() {
    let (own, stores) = own(|_| {}).await;
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    for n in 0..5 {
        crate::samples::say(&stores, &ada, room, &n.to_string()).await;
        let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
        crate::stores::execute(own.settings.url.as_deref().unwrap(), end_all).await;
        until("it works again", async || stores.log.append(entry(&ada, room, "again")).await.ok()).await;
        until("it is read again", async || stores.log.epoch().await.ok()).await;
    }
    let log = stores.log.tail(room, Seq::ZERO, 1_000).await.unwrap();
    assert!(log.iter().map(|event| event.seq.get()).eq(1..=log.len() as u64));
}
