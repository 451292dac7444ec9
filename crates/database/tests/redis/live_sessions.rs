//! Live sessions on several nodes, while Redis works. What the port promises is in auth-repository's contract.

use std::time::Duration;

use database::redis::{LiveTimes, RedisLiveSessions};
use kernel::{Fence, Liveness, SessionId, Timestamp};
use redis::cmd;
use testkit::{RedisServer, until};

use crate::{connected, prefix};

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_795_259_294_120).plus(Duration::from_secs(seconds))
}

/// A node that believes what Redis says, whatever has happened: it shows what is there.
pub(crate) async fn witness(server: &RedisServer, prefix: &str) -> RedisLiveSessions {
    let times = LiveTimes { distrust: Duration::ZERO, ..LiveTimes::default() };
    RedisLiveSessions::with_times(connected(server, prefix).await, times)
}

pub(crate) async fn fence(sessions: &RedisLiveSessions, id: SessionId) -> Fence {
    match sessions.lookup(id, at(0)).await {
        Liveness::Unknown(fence) => fence,
        known => panic!("it is known to be {known:?}"),
    }
}

pub(crate) async fn filled(sessions: &RedisLiveSessions) -> SessionId {
    let id = SessionId::new();
    sessions.fill(id, fence(sessions, id).await, at(0), at(1_000_000)).await;
    id
}

pub(crate) fn is_unknown(liveness: Liveness) -> bool {
    matches!(liveness, Liveness::Unknown(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_fills_and_revokes_every_node_knows() {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let (one, other) = (witness(server, &prefix).await, witness(server, &prefix).await);
    let id = filled(&one).await;
    assert_eq!(other.lookup(id, at(1)).await, Liveness::Live);
    other.revoke(id, at(1)).await;
    assert_eq!(one.lookup(id, at(1)).await, Liveness::Ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_of_nodes_may_disagree() {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let (behind, ahead) = (witness(server, &prefix).await, witness(server, &prefix).await);
    let id = filled(&behind).await;
    assert_eq!(ahead.lookup(id, at(120)).await, Liveness::Live);
    ahead.revoke(id, at(120)).await;
    assert_eq!(behind.lookup(id, at(0)).await, Liveness::Ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_entry_lasts_thirty_seconds_and_a_tombstone_ten_minutes_on_redis_own_clock() {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let redis = connected(server, &prefix).await;
    let sessions = witness(server, &prefix).await;
    let id = filled(&sessions).await;
    let lasts = async || redis.run::<i64>(cmd("PTTL").arg(redis.key("live", id))).await.unwrap();
    assert!((1..=30_000).contains(&lasts().await));
    sessions.revoke(id, at(1)).await;
    assert!((570_000..=600_000).contains(&lasts().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sessions_are_looked_up_in_one_question_and_told_apart() {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let sessions = witness(server, &prefix).await;
    let (live, ended, told, unknown) =
        (filled(&sessions).await, SessionId::new(), filled(&sessions).await, SessionId::new());
    sessions.revoke(ended, at(1)).await;
    sessions.note_ended(told, at(1));
    let found = sessions.lookup_many(&[ended, unknown, live, told, live], at(2)).await;
    assert_eq!(
        [found[0], found[2], found[3], found[4]],
        [Liveness::Ended, Liveness::Live, Liveness::Ended, Liveness::Live]
    );
    assert!(is_unknown(found[1]));
    assert_eq!(sessions.lookup_many(&[], at(2)).await, []);
    let Liveness::Unknown(fence) = found[1] else { panic!("it is known") };
    sessions.fill(unknown, fence, at(2), at(1_000)).await;
    assert_eq!(sessions.lookup(unknown, at(2)).await, Liveness::Live, "a fence of many is as good as one of one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_just_started_asks_the_store_and_believes_redis_later() {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let id = filled(&witness(server, &prefix).await).await;
    let careful = RedisLiveSessions::new(connected(server, &prefix).await);
    let found = careful.lookup(id, at(1)).await;
    assert_eq!(found, Liveness::Unknown(Fence::NONE), "what is there already need not be filled");
    let times = LiveTimes { distrust: Duration::from_millis(300), ..LiveTimes::default() };
    let quick = RedisLiveSessions::with_times(connected(server, &prefix).await, times);
    until("it is believed", async || (quick.lookup(id, at(1)).await == Liveness::Live).then_some(())).await;
    let ended = SessionId::new();
    careful.revoke(ended, at(1)).await;
    let new = RedisLiveSessions::new(connected(server, &prefix).await);
    assert_eq!(new.lookup(ended, at(1)).await, Liveness::Ended, "an end is believed at once");
}
