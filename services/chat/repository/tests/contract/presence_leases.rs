//! What a memory of who is there must do.

mod changes;
mod faults;

use std::sync::Arc;
use std::time::Duration;

use chat_entity::PresenceStatus::{self, Away, Dnd, Online};
use chat_repository::redis::RedisPresenceLeases;
use chat_usecase::port::{LONGEST_LEASE, Lease, Presence, PresenceLeases};
use kernel::{Clock, ConnectionId, SystemClock, Timestamp, UserId};
use testkit::{RedisServer, until};

use crate::nodes;
use crate::samples::at;

type Leases = Arc<dyn PresenceLeases>;

nodes::remembered!(
    crate::nodes::memory_presence, crate::nodes::redis_presence:
    who_holds_a_lease_is_here_with_its_status_and_others_are_absent
    the_greatest_status_of_all_connections_is_seen
    what_one_that_has_gone_said_counts_only_while_none_is_open
    ending_one_lease_leaves_the_others
    a_lease_ends_by_itself
    a_renewal_replaces_status_and_end
    a_lease_that_has_ended_already_notes_nothing
    nobody_is_asked_about_nothing
    all_who_hold_a_lease_are_candidates_up_to_a_bound
);

fn lease(user: UserId, status: PresenceStatus) -> Lease {
    Lease { user, connection: ConnectionId::new(), status, is_open: true, is_news: true, until: at(40) }
}

/// The same lease, as one that ends at once.
fn over(lease: Lease) -> Lease {
    Lease { until: at(0), ..lease }
}

fn now() -> Timestamp {
    SystemClock.now()
}

async fn one(leases: &dyn PresenceLeases, user: UserId) -> Presence {
    leases.present(&[user], at(0)).await[0]
}

async fn who_holds_a_lease_is_here_with_its_status_and_others_are_absent(leases: Leases) {
    let (ada, bob, cy) = (UserId::new(), UserId::new(), UserId::new());
    leases.renew(&[lease(ada, Online), lease(cy, Away)], at(0)).await;
    let present = leases.present(&[cy, bob, ada, cy], at(1)).await;
    assert_eq!(present, [Presence::Here(Away), Presence::Absent, Presence::Here(Online), Presence::Here(Away)]);
}

async fn the_greatest_status_of_all_connections_is_seen(leases: Leases) {
    let ada = UserId::new();
    for (status, seen) in [(Away, Away), (Online, Online), (Away, Online), (Dnd, Dnd), (Online, Dnd)] {
        leases.renew(&[lease(ada, status)], at(0)).await;
        assert_eq!(one(&*leases, ada).await, Presence::Here(seen));
    }
}

async fn what_one_that_has_gone_said_counts_only_while_none_is_open(leases: Leases) {
    let ada = UserId::new();
    let first = lease(ada, Dnd);
    leases.renew(&[first], at(0)).await;
    leases.renew(&[Lease { is_open: false, ..first }], at(0)).await;
    assert_eq!(one(&*leases, ada).await, Presence::Here(Dnd));
    let second = lease(ada, Away);
    leases.renew(&[second], at(0)).await;
    assert_eq!(one(&*leases, ada).await, Presence::Here(Away));
    leases.renew(&[over(second)], at(0)).await;
    assert_eq!(one(&*leases, ada).await, Presence::Here(Dnd));
}

async fn ending_one_lease_leaves_the_others(leases: Leases) {
    let (ada, bob) = (UserId::new(), UserId::new());
    let (first, second, his) = (lease(ada, Dnd), lease(ada, Online), lease(bob, Away));
    leases.renew(&[first, second, his], at(0)).await;
    leases.renew(&[over(first), over(lease(ada, Dnd))], at(0)).await;
    assert_eq!(one(&*leases, ada).await, Presence::Here(Online));
    leases.renew(&[over(second)], at(0)).await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Absent, Presence::Here(Away)]);
}

async fn a_lease_ends_by_itself(leases: Leases) {
    let (ada, begun) = (UserId::new(), now());
    let short = Lease { until: begun.plus(Duration::from_millis(300)), ..lease(ada, Dnd) };
    leases.renew(&[Lease { until: begun.plus(LONGEST_LEASE), ..lease(ada, Online) }, short], begun).await;
    until("the short one has ended and the long one has not", async || {
        let seen = leases.present(&[ada], now()).await[0];
        assert!(matches!(seen, Presence::Here(Dnd | Online)));
        (seen == Presence::Here(Online)).then_some(())
    })
    .await;
}

async fn a_renewal_replaces_status_and_end(leases: Leases) {
    let (ada, begun) = (UserId::new(), now());
    let mut lease = Lease { until: begun.plus(Duration::from_secs(30)), ..lease(ada, Dnd) };
    leases.renew(&[lease], begun).await;
    (lease.status, lease.until) = (Away, begun.plus(Duration::from_millis(300)));
    leases.renew(&[lease], begun).await;
    until("it has ended with the shorter time", async || {
        let seen = leases.present(&[ada], now()).await[0];
        assert_ne!(seen, Presence::Here(Dnd));
        (seen == Presence::Absent).then_some(())
    })
    .await;
}

async fn a_lease_that_has_ended_already_notes_nothing(leases: Leases) {
    let ada = UserId::new();
    assert_eq!(leases.renew(&[over(lease(ada, Online))], at(0)).await, []);
    assert_eq!(one(&*leases, ada).await, Presence::Absent);
    assert_eq!(leases.candidates(10).await, []);
}

async fn nobody_is_asked_about_nothing(leases: Leases) {
    assert_eq!(leases.present(&[], at(0)).await, []);
    assert_eq!(leases.renew(&[], at(0)).await, []);
}

async fn all_who_hold_a_lease_are_candidates_up_to_a_bound(leases: Leases) {
    let mut users: Vec<UserId> = (0..100).map(|_| UserId::new()).collect();
    let held: Vec<Lease> = users.iter().flat_map(|user| [lease(*user, Online), lease(*user, Away)]).collect();
    leases.renew(&held, at(0)).await;
    let mut found = leases.candidates(1_000).await;
    found.sort_unstable();
    users.sort_unstable();
    assert_eq!(found, users);
    assert_eq!(leases.candidates(7).await.len(), 7);
    assert_eq!(leases.candidates(0).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lease_outlasts_the_longest_however_long_it_was_meant() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let redis = nodes::connected(server, &prefix).await;
    let (ada, leases) = (UserId::new(), RedisPresenceLeases::new(redis.clone()));
    let endless = Lease { until: at(100_000), ..lease(ada, Online) };
    leases.renew(&[endless], at(0)).await;
    let key = redis.key("presence", ada);
    let noted: String = redis.run(::redis::cmd("HGET").arg(&key).arg(endless.connection.to_string())).await.unwrap();
    let ends: i64 = noted.split_once(':').unwrap().0.parse().unwrap();
    assert!(ends <= now().plus(LONGEST_LEASE).as_millis() + 1_000, "{noted}");
    let lasts: u64 = redis.run(::redis::cmd("PTTL").arg(&key)).await.unwrap();
    assert!(lasts > 0 && u128::from(lasts) <= 3 * LONGEST_LEASE.as_millis(), "the key stays for {lasts} ms");
    let memory = nodes::memory_presence().await;
    memory.renew(&[endless], at(0)).await;
    assert_eq!(memory.present(&[ada], at(45)).await, [Presence::Absent]);
}
