//! What is told of whom, and that each change is told once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chat_entity::PresenceStatus::{Away, Dnd, Online};
use chat_repository::redis::RedisPresenceLeases;
use chat_usecase::port::{Lease, PresenceChange, PresenceLeases};
use kernel::{Timestamp, UserId};
use testkit::{RedisServer, until};
use tokio::task::JoinSet;

use super::{Leases, lease, now, over};
use crate::nodes;
use crate::samples::at;

nodes::remembered!(
    crate::nodes::memory_presence, crate::nodes::redis_presence:
    only_what_others_see_of_a_user_is_a_change
    a_reconnect_within_the_last_leases_time_changes_nothing
    of_two_leases_in_one_question_both_count_before_anything_is_told
    who_was_last_seen_when_is_told_and_never_goes_back
    a_lease_that_ends_by_itself_is_told_when_somebody_looks
    of_many_who_look_at_once_each_change_is_given_to_one
    of_twenty_racing_renewals_one_is_told
);

/// What has become of whom.
fn what(changes: &[PresenceChange]) -> Vec<(UserId, Option<chat_entity::PresenceStatus>)> {
    changes.iter().map(|change| (change.user, change.status)).collect()
}

async fn only_what_others_see_of_a_user_is_a_change(leases: Leases) {
    let ada = UserId::new();
    let (first, second) = (lease(ada, Online), lease(ada, Online));
    let renew = async |lease: Lease| what(&leases.renew(&[lease], at(0)).await);
    assert_eq!(renew(first).await, [(ada, Some(Online))]);
    assert_eq!(renew(first).await, []);
    assert_eq!(renew(second).await, [], "a second connection is no news");
    assert_eq!(renew(Lease { status: Away, ..first }).await, [], "the other one is online");
    assert_eq!(renew(Lease { status: Dnd, ..second }).await, [(ada, Some(Dnd))]);
    assert_eq!(renew(over(second)).await, [(ada, Some(Away))]);
    assert_eq!(renew(over(first)).await, [(ada, None)]);
    assert_eq!(renew(over(first)).await, [], "nobody goes twice");
    assert_eq!(renew(first).await, [(ada, Some(Online))]);
}

async fn a_reconnect_within_the_last_leases_time_changes_nothing(leases: Leases) {
    let ada = UserId::new();
    let first = lease(ada, Online);
    leases.renew(&[first], at(0)).await;
    assert_eq!(leases.renew(&[Lease { is_open: false, until: at(5), ..first }], at(0)).await, []);
    let second = lease(ada, Online);
    assert_eq!(leases.renew(&[second], at(0)).await, []);
    assert_eq!(leases.renew(&[over(first)], at(0)).await, []);
    assert_eq!(what(&leases.renew(&[over(second)], at(0)).await), [(ada, None)]);
}

async fn of_two_leases_in_one_question_both_count_before_anything_is_told(leases: Leases) {
    let (ada, bob) = (UserId::new(), UserId::new());
    let changes = leases.renew(&[lease(ada, Away), lease(bob, Away), lease(ada, Dnd)], at(0)).await;
    assert_eq!(what(&changes), [(ada, Some(Dnd)), (bob, Some(Away))]);
}

async fn who_was_last_seen_when_is_told_and_never_goes_back(leases: Leases) {
    let (ada, begun) = (UserId::new(), now());
    let held = |millis| begun.plus(Duration::from_millis(millis));
    let lease = Lease { until: held(30_000), ..lease(ada, Online) };
    let came = leases.renew(&[lease], begun).await[0].seen_at;
    assert!(came.since(begun) < Duration::from_secs(20) && begun.since(came) < Duration::from_secs(1));
    // It is told when it ends, and says when the connection did.
    let last = now();
    assert_eq!(
        leases.renew(&[Lease { is_open: false, until: last.plus(Duration::from_millis(300)), ..lease }], last).await,
        []
    );
    let gone = until("the user has gone", async || leases.take_ended(10, now()).await.pop()).await;
    assert_eq!((gone.user, gone.status), (ada, None));
    assert!(gone.seen_at >= came && gone.seen_at < now(), "{gone:?}");
    let again = leases.renew(&[Lease { until: now().plus(Duration::from_secs(30)), ..lease }], now()).await;
    assert!(again[0].seen_at > gone.seen_at, "{again:?}");
}

/// Leases of so many users that end in a moment.
async fn short_leases(leases: &Leases, users: usize) -> HashSet<UserId> {
    let begun = now();
    let short: Vec<Lease> = (0..users)
        .map(|_| Lease { until: begun.plus(Duration::from_millis(300)), ..lease(UserId::new(), Online) })
        .collect();
    assert_eq!(leases.renew(&short, begun).await.len(), users);
    short.iter().map(|lease| lease.user).collect()
}

async fn a_lease_that_ends_by_itself_is_told_when_somebody_looks(leases: Leases) {
    let (ada, begun) = (UserId::new(), now());
    let in_millis = |millis| begun.plus(Duration::from_millis(millis));
    let (long, short) =
        (Lease { until: in_millis(30_000), ..lease(ada, Away) }, Lease { until: in_millis(300), ..lease(ada, Dnd) });
    leases.renew(&[long, short], begun).await;
    assert_eq!(leases.take_ended(0, now()).await, []);
    let told = until("the short one has ended", async || leases.take_ended(10, now()).await.pop()).await;
    assert_eq!((told.user, told.status), (ada, Some(Away)));
    assert_eq!(leases.take_ended(10, now()).await, []);
    assert_eq!(leases.renew(&[long], begun).await, []);
}

async fn of_many_who_look_at_once_each_change_is_given_to_one(leases: Leases) {
    let users = short_leases(&leases, 250).await;
    let mut told: Vec<UserId> = Vec::new();
    until("all have gone", async || {
        let mut racers = JoinSet::new();
        for _ in 0..8 {
            let leases = Arc::clone(&leases);
            racers.spawn(async move { leases.take_ended(20, now()).await });
        }
        for taken in racers.join_all().await {
            assert!(taken.len() <= 20 && taken.iter().all(|change| change.status.is_none()), "{taken:?}");
            told.extend(taken.iter().map(|change| change.user));
        }
        (told.len() >= users.len()).then_some(())
    })
    .await;
    assert_eq!(told.len(), users.len(), "somebody was told of twice");
    assert_eq!(told.into_iter().collect::<HashSet<_>>(), users);
    assert_eq!(leases.candidates(10).await, []);
}

async fn of_twenty_racing_renewals_one_is_told(leases: Leases) {
    let ada = UserId::new();
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let leases = Arc::clone(&leases);
        racers.spawn(async move { leases.renew(&[lease(ada, Online)], at(0)).await.len() });
    }
    assert_eq!(racers.join_all().await.into_iter().sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_user_of_whom_even_the_record_has_gone_it_is_told_that_they_have() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let redis = nodes::connected(server, &prefix).await;
    let leases = RedisPresenceLeases::settled_after(redis.clone(), Duration::ZERO);
    let (ada, begun) = (UserId::new(), now());
    leases.renew(&[Lease { until: begun.plus(Duration::from_millis(100)), ..lease(ada, Online) }], begun).await;
    redis.run::<u8>(::redis::cmd("DEL").arg(redis.key("presence", ada))).await.unwrap();
    let told =
        until("the lease has ended", async || leases.take_ended(10, Timestamp::from_millis(0)).await.pop()).await;
    assert_eq!((told.user, told.status), (ada, None));
}
