//! Live sessions while Redis is killed, emptied and stopped: nobody is signed out and nobody comes back (I16, I18).

use std::time::Duration;

use database::redis::{Redis, RedisLiveSessions};
use futures_util::FutureExt;
use kernel::{Liveness, SessionId};
use redis::cmd;
use testkit::{RedisServer, until};
use tokio::time::timeout;

use crate::live_sessions::{at, fence, filled, is_unknown, witness};
use crate::{available, away, connected, prefix};

/// Puts a live entry into Redis as if it had been there all the time, and a tombstone had got lost.
async fn restore_live(redis: &Redis, id: SessionId) {
    redis.run::<()>(cmd("SET").arg(redis.key("live", id)).arg("L").arg("PX").arg(30_000)).await.unwrap();
}

async fn becomes_ended(sessions: &RedisLiveSessions, id: SessionId) {
    until("it has ended", async || (sessions.lookup(id, at(1)).await == Liveness::Ended).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fill_that_comes_after_everything_was_lost_revives_nobody() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let (slow, other) = (witness(&server, &prefix).await, witness(&server, &prefix).await);
    let id = SessionId::new();
    let old = fence(&slow, id).await;
    // While the slow one asks the store, which still says that it is live.
    other.revoke(id, at(1)).await;
    server.flush_all().await;
    slow.fill(id, old, at(1), at(1_000)).await;
    let third = witness(&server, &prefix).await;
    assert!(is_unknown(third.lookup(id, at(2)).await));
    // The look-up has given the emptied Redis a name. It is another one.
    slow.fill(id, old, at(2), at(1_000)).await;
    assert!(is_unknown(third.lookup(id, at(2)).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_redis_signs_nobody_out_and_is_filled_again() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let sessions = witness(&server, &prefix).await;
    let id = filled(&sessions).await;
    server.flush_all().await;
    let new = fence(&sessions, id).await;
    sessions.fill(id, new, at(1), at(1_000)).await;
    assert_eq!(sessions.lookup(id, at(1)).await, Liveness::Live);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_from_before_a_trouble_is_worth_nothing() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let redis = connected(&server, &prefix).await;
    let sessions = RedisLiveSessions::new(redis.clone());
    let id = SessionId::new();
    let old = fence(&sessions, id).await;
    server.kill().await;
    away(&redis).await;
    server.restart().await;
    available(&redis).await;
    sessions.fill(id, old, at(1), at(1_000)).await;
    assert!(is_unknown(witness(&server, &prefix).await.lookup(id, at(1)).await));
    // A new one is good: the incarnation is still the same.
    sessions.fill(id, fence(&sessions, id).await, at(1), at(1_000)).await;
    assert_eq!(witness(&server, &prefix).await.lookup(id, at(1)).await, Liveness::Live);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_entry_that_a_restart_brought_back_is_not_believed() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let redis = connected(&server, &prefix).await;
    let careful = RedisLiveSessions::new(redis.clone());
    let other = witness(&server, &prefix).await;
    let (revoked, kept) = (filled(&other).await, SessionId::new());
    other.revoke(revoked, at(1)).await;
    careful.revoke(kept, at(1)).await;
    // The tombstone is in the second that appendfsync everysec may lose.
    restore_live(&redis, revoked).await;
    server.kill().await;
    away(&redis).await;
    assert!(is_unknown(careful.lookup(revoked, at(1)).await));
    server.restart().await;
    available(&redis).await;
    assert!(is_unknown(careful.lookup(revoked, at(1)).await), "the store is asked");
    let new = witness(&server, &prefix).await;
    assert_eq!(new.lookup(revoked, at(1)).await, Liveness::Live, "Redis says so, and would be wrong");
    assert_eq!(new.lookup(kept, at(1)).await, Liveness::Ended, "what it has not lost is believed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_while_redis_hangs_is_believed_by_all_when_it_has_returned_and_written_later() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let (redis, others_redis) = (connected(&server, &prefix).await, connected(&server, &prefix).await);
    let (revoking, other) = (RedisLiveSessions::new(redis.clone()), RedisLiveSessions::new(others_redis.clone()));
    let id = filled(&witness(&server, &prefix).await).await;
    server.pause().await;
    timeout(testkit::PATIENCE, revoking.revoke(id, at(1))).await.expect("it does not wait for ever");
    assert_eq!(revoking.lookup(id, at(1)).await, Liveness::Ended, "the node itself knows it at once");
    assert!(is_unknown(other.lookup(id, at(1)).await), "the others ask the store");
    server.resume().await;
    available(&others_redis).await;
    // Now and then the tombstone is there already. What must not be is the live entry that Redis woke up with.
    assert_ne!(other.lookup(id, at(1)).await, Liveness::Live);
    becomes_ended(&other, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_that_redis_could_not_take_are_known_at_once_and_written_when_it_is_back() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let redis = connected(&server, &prefix).await;
    let sessions = RedisLiveSessions::new(redis.clone());
    server.kill().await;
    // Once Redis has been away for as long as a revocation insists, the other nodes know it as well.
    let long = Duration::from_millis(1_500);
    until("Redis has been away for long", async || (redis.away_for() >= long).then_some(())).await;
    let ids: Vec<_> = (0..1_000).map(|_| SessionId::new()).collect();
    for id in &ids {
        sessions.revoke(*id, at(1)).now_or_never().expect("it waits for nothing any more");
        assert_eq!(sessions.lookup(*id, at(1)).await, Liveness::Ended);
    }
    server.restart().await;
    let other = witness(&server, &prefix).await;
    for id in &ids {
        becomes_ended(&other, *id).await;
    }
}

// On one thread: nobody else can write it, and answer, while its caller is polled.
#[tokio::test]
async fn an_end_is_written_though_its_caller_has_gone() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let redis = connected(&server, &prefix).await;
    let (sessions, other) = (RedisLiveSessions::new(redis), witness(&server, &prefix).await);
    let id = filled(&other).await;
    assert!(sessions.revoke(id, at(1)).now_or_never().is_none(), "nobody can have answered yet");
    becomes_ended(&other, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_an_end_that_the_bus_told_is_known_and_nothing_else_is() {
    let (server, prefix) = (RedisServer::start().await, prefix());
    let redis = connected(&server, &prefix).await;
    let sessions = RedisLiveSessions::new(redis.clone());
    let (told, live) = (filled(&sessions).await, filled(&sessions).await);
    server.kill().await;
    away(&redis).await;
    sessions.note_ended(told, at(1));
    assert_eq!(sessions.lookup(told, at(1)).await, Liveness::Ended);
    assert_eq!(sessions.lookup(told, at(600)).await, Liveness::Ended);
    assert_eq!(sessions.lookup(live, at(1)).await, Liveness::Unknown(kernel::Fence::NONE));
    sessions.fill(live, kernel::Fence::NONE, at(1), at(1_000)).await;
    assert!(is_unknown(sessions.lookup(live, at(1)).await));
}
