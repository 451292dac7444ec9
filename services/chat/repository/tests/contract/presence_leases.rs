//! What a memory of who is there must do.

use std::sync::Arc;
use std::time::Duration;

use chat_entity::PresenceStatus::{self, Away, Dnd, Online};
use chat_repository::redis::RedisPresenceLeases;
use chat_usecase::port::{LONGEST_LEASE, Lease, Presence, PresenceLeases};
use kernel::{Clock, ConnectionId, SystemClock, UserId};
use testkit::{RedisServer, until};

use crate::nodes;
use crate::samples::at;

type Leases = Arc<dyn PresenceLeases>;

nodes::remembered!(
    crate::nodes::memory_presence, crate::nodes::redis_presence:
    who_holds_a_lease_is_here_with_its_status_and_others_are_absent
    the_greatest_status_of_all_connections_is_seen
    ending_one_lease_leaves_the_others
    a_lease_ends_by_itself
    a_renewal_replaces_status_and_end
    a_lease_that_has_ended_already_notes_nothing
    nobody_is_asked_about_nothing
);

fn lease(user: UserId, status: PresenceStatus) -> Lease {
    Lease { user, connection: ConnectionId::new(), status, until: at(40) }
}

async fn one(leases: &dyn PresenceLeases, user: UserId) -> Presence {
    leases.present(&[user], at(0)).await[0]
}

async fn who_holds_a_lease_is_here_with_its_status_and_others_are_absent(leases: Leases) {
    let (ada, bob, cy) = (UserId::new(), UserId::new(), UserId::new());
    leases.renew(lease(ada, Online), at(0)).await;
    leases.renew(lease(cy, Away), at(0)).await;
    let present = leases.present(&[cy, bob, ada, cy], at(1)).await;
    assert_eq!(present, [Presence::Here(Away), Presence::Absent, Presence::Here(Online), Presence::Here(Away)]);
}

async fn the_greatest_status_of_all_connections_is_seen(leases: Leases) {
    let ada = UserId::new();
    for (status, seen) in [(Away, Away), (Online, Online), (Away, Online), (Dnd, Dnd), (Online, Dnd)] {
        leases.renew(lease(ada, status), at(0)).await;
        assert_eq!(one(&*leases, ada).await, Presence::Here(seen));
    }
}

async fn ending_one_lease_leaves_the_others(leases: Leases) {
    let (ada, bob) = (UserId::new(), UserId::new());
    let (first, second) = (lease(ada, Dnd), lease(ada, Online));
    for lease in [first, second, lease(bob, Away)] {
        leases.renew(lease, at(0)).await;
    }
    leases.end(ada, first.connection).await;
    leases.end(ada, ConnectionId::new()).await;
    assert_eq!(one(&*leases, ada).await, Presence::Here(Online));
    leases.end(bob, second.connection).await;
    leases.end(ada, second.connection).await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Absent, Presence::Here(Away)]);
}

async fn a_lease_ends_by_itself(leases: Leases) {
    let ada = UserId::new();
    let now = SystemClock.now();
    let short = Lease { until: now.plus(Duration::from_millis(300)), ..lease(ada, Dnd) };
    leases.renew(Lease { until: now.plus(LONGEST_LEASE), ..lease(ada, Online) }, now).await;
    leases.renew(short, now).await;
    until("the short one has ended and the long one has not", async || {
        let seen = leases.present(&[ada], SystemClock.now()).await[0];
        assert!(matches!(seen, Presence::Here(Dnd | Online)));
        (seen == Presence::Here(Online)).then_some(())
    })
    .await;
}

async fn a_renewal_replaces_status_and_end(leases: Leases) {
    let ada = UserId::new();
    let now = SystemClock.now();
    let mut lease = Lease { until: now.plus(Duration::from_secs(30)), ..lease(ada, Dnd) };
    leases.renew(lease, now).await;
    (lease.status, lease.until) = (Away, now.plus(Duration::from_millis(300)));
    leases.renew(lease, now).await;
    until("it has ended with the shorter time", async || {
        let seen = leases.present(&[ada], SystemClock.now()).await[0];
        assert_ne!(seen, Presence::Here(Dnd));
        (seen == Presence::Absent).then_some(())
    })
    .await;
}

async fn a_lease_that_has_ended_already_notes_nothing(leases: Leases) {
    let ada = UserId::new();
    leases.renew(Lease { until: at(0), ..lease(ada, Online) }, at(0)).await;
    assert_eq!(one(&*leases, ada).await, Presence::Absent);
}

async fn nobody_is_asked_about_nothing(leases: Leases) {
    assert_eq!(leases.present(&[], at(0)).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lease_outlasts_the_longest_however_long_it_was_meant() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let redis = nodes::connected(server, &prefix).await;
    let (ada, leases) = (UserId::new(), RedisPresenceLeases::new(redis.clone()));
    leases.renew(Lease { until: at(100_000), ..lease(ada, Online) }, at(0)).await;
    let lasts: u64 = redis.run(::redis::cmd("PTTL").arg(redis.key("presence", ada))).await.unwrap();
    assert!(lasts > 0 && u128::from(lasts) <= LONGEST_LEASE.as_millis(), "{lasts} ms");
    let memory = nodes::memory_presence().await;
    memory.renew(Lease { until: at(100_000), ..lease(ada, Online) }, at(0)).await;
    assert_eq!(memory.present(&[ada], at(45)).await, [Presence::Absent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_knows_nothing_yet_calls_nobody_absent() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let redis = nodes::connected(server, &prefix).await;
    let (careful, settled) =
        (RedisPresenceLeases::new(redis.clone()), RedisPresenceLeases::settled_after(redis, Duration::ZERO));
    let (ada, bob) = (UserId::new(), UserId::new());
    settled.renew(lease(ada, Online), at(0)).await;
    assert_eq!(careful.present(&[ada, bob], at(0)).await, [Presence::Here(Online), Presence::Unknown]);
    assert_eq!(settled.present(&[ada, bob], at(0)).await, [Presence::Here(Online), Presence::Absent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_loss_absent_is_said_again_when_all_leases_have_been_renewed() {
    let server = RedisServer::start().await;
    let redis = nodes::connected(&server, &nodes::prefix()).await;
    let leases = RedisPresenceLeases::settled_after(redis.clone(), Duration::from_secs(1));
    let (ada, bob) = (UserId::new(), UserId::new());
    let settles = async |present: &[Presence]| {
        until("it has settled", async || (leases.present(&[ada, bob], at(0)).await == present).then_some(())).await;
    };
    leases.renew(lease(ada, Online), at(0)).await;
    settles(&[Presence::Here(Online), Presence::Absent]).await;
    server.flush_all().await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Unknown; 2]);
    leases.renew(lease(ada, Away), at(0)).await;
    settles(&[Presence::Here(Away), Presence::Absent]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everybody_is_unknown_and_after_it_hung_nobody_is_absent_at_once() {
    let server = RedisServer::start().await;
    let redis = nodes::connected(&server, &nodes::prefix()).await;
    let leases = RedisPresenceLeases::settled_after(redis.clone(), Duration::from_secs(3));
    let (ada, bob) = (UserId::new(), UserId::new());
    leases.renew(lease(ada, Online), at(0)).await;
    let settled = [Presence::Here(Online), Presence::Absent];
    until("it has settled", async || (leases.present(&[ada, bob], at(0)).await == settled).then_some(())).await;
    server.pause().await;
    until("Redis is known to be away", async || (!redis.is_available()).then_some(())).await;
    leases.renew(lease(bob, Online), at(0)).await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Unknown; 2]);
    server.resume().await;
    redis.available().await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Here(Online), Presence::Unknown]);
}
