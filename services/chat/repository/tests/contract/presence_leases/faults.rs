//! What nodes say of who is there when Redis has forgotten it, or was out of reach.

use std::time::Duration;

use chat_entity::PresenceStatus::{Away, Online};
use chat_repository::redis::RedisPresenceLeases;
use chat_usecase::port::{Lease, Presence, PresenceLeases};
use kernel::UserId;
use testkit::{RedisServer, until};

use super::{lease, now};
use crate::nodes;
use crate::samples::at;

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_knows_nothing_yet_calls_nobody_absent() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let redis = nodes::connected(server, &prefix).await;
    let (careful, settled) =
        (RedisPresenceLeases::new(redis.clone()), RedisPresenceLeases::settled_after(redis, Duration::ZERO));
    let (ada, bob) = (UserId::new(), UserId::new());
    settled.renew(&[lease(ada, Online)], at(0)).await;
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
    leases.renew(&[lease(ada, Online)], at(0)).await;
    settles(&[Presence::Here(Online), Presence::Absent]).await;
    server.flush_all().await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Unknown; 2]);
    leases.renew(&[lease(ada, Away)], at(0)).await;
    settles(&[Presence::Here(Away), Presence::Absent]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_loss_only_news_are_told_and_nobody_is_said_to_have_gone() {
    let server = RedisServer::start().await;
    let redis = nodes::connected(&server, &nodes::prefix()).await;
    let leases = RedisPresenceLeases::settled_after(redis.clone(), Duration::from_secs(2));
    until("it has settled", async || redis.calm_for(Duration::from_secs(2)).then_some(())).await;
    let (ada, bob) = (lease(UserId::new(), Online), lease(UserId::new(), Online));
    assert_eq!(leases.renew(&[ada, bob], at(0)).await.len(), 2);
    server.flush_all().await;
    assert_eq!(leases.take_ended(10, at(0)).await, []);
    let again = [Lease { is_news: false, ..ada }, Lease { status: Away, ..bob }];
    let told = leases.renew(&again, at(0)).await;
    assert_eq!(told.iter().map(|change| (change.user, change.status)).collect::<Vec<_>>(), [(bob.user, Some(Away))]);
    // Once it has settled, what is not known was not told: somebody has taken it for ended meanwhile.
    let cy = Lease { is_news: false, ..lease(UserId::new(), Online) };
    let told = until("it is told again", async || {
        leases.renew(&[Lease { until: at(0), is_news: false, ..cy }], at(0)).await;
        leases.renew(&[cy], at(0)).await.pop()
    })
    .await;
    assert_eq!((told.user, told.status), (cy.user, Some(Online)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everybody_is_unknown_and_after_it_hung_nobody_is_absent_at_once() {
    let server = RedisServer::start().await;
    let redis = nodes::connected(&server, &nodes::prefix()).await;
    let leases = RedisPresenceLeases::settled_after(redis.clone(), Duration::from_secs(3));
    let (ada, bob) = (UserId::new(), UserId::new());
    leases.renew(&[lease(ada, Online)], at(0)).await;
    let settled = [Presence::Here(Online), Presence::Absent];
    until("it has settled", async || (leases.present(&[ada, bob], at(0)).await == settled).then_some(())).await;
    let short = Lease { until: now().plus(Duration::from_millis(300)), ..lease(bob, Online) };
    leases.renew(&[short], now()).await;
    server.pause().await;
    until("Redis is known to be away", async || (!redis.is_available()).then_some(())).await;
    leases.renew(&[lease(bob, Online)], at(0)).await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Unknown; 2]);
    assert_eq!(leases.candidates(10).await, []);
    server.resume().await;
    redis.available().await;
    assert_eq!(leases.present(&[ada, bob], at(0)).await, [Presence::Here(Online), Presence::Unknown]);
    assert_eq!(leases.take_ended(10, at(0)).await, [], "the node could not renew the lease that has ended");
    let told = until("it has settled again", async || leases.take_ended(10, at(0)).await.pop()).await;
    assert_eq!((told.user, told.status), (bob, None));
}
