//! What a memory of live sessions must do.

use auth_usecase::ports::{Fence, LiveSessions, Liveness};
use kernel::{SessionId, Timestamp};
use testkit::Turned;

use crate::samples::at;
use crate::{nodes, stores};

type Memory = Turned<dyn LiveSessions>;

macro_rules! on_each {
    ($($case:ident)*) => {
        crate::suite!(live_sessions on memory from super::stores::memory_live_sessions: $($case)*);
        crate::suite!(live_sessions on redis from super::nodes::redis_live_sessions: $($case)*);
    };
}

on_each!(
    a_filled_session_is_live_and_others_are_unknown
    a_fill_that_comes_late_does_not_revive
    a_revocation_is_seen_at_once_and_for_six_minutes
    a_live_entry_is_not_believed_for_longer_than_a_minute
    a_session_is_not_live_beyond_its_own_end
    of_racing_fills_none_outlasts_a_revocation
);

fn is_unknown(liveness: Liveness) -> bool {
    matches!(liveness, Liveness::Unknown(_))
}

/// What a request takes to the store and back.
async fn fence(memory: &dyn LiveSessions, id: SessionId, now: Timestamp) -> Fence {
    match memory.lookup(id, now).await {
        Liveness::Unknown(fence) => fence,
        known => panic!("it is known to be {known:?}"),
    }
}

pub(crate) async fn a_filled_session_is_live_and_others_are_unknown(memory: Memory) {
    let id = SessionId::new();
    memory.fill(id, fence(&*memory, id, at(0)).await, at(0), at(1_000)).await;
    assert_eq!(memory.lookup(id, at(1)).await, Liveness::Live);
    assert!(is_unknown(memory.lookup(SessionId::new(), at(1)).await));
}

pub(crate) async fn a_fill_that_comes_late_does_not_revive(memory: Memory) {
    let id = SessionId::new();
    let fence = fence(&*memory, id, at(9)).await;
    memory.revoke(id, at(10)).await;
    memory.fill(id, fence, at(9), at(1_000)).await;
    memory.fill(id, fence, memory.at(300).await, at(1_000)).await;
    assert_eq!(memory.lookup(id, memory.at(301).await).await, Liveness::Ended);
}

pub(crate) async fn a_revocation_is_seen_at_once_and_for_six_minutes(memory: Memory) {
    let id = SessionId::new();
    memory.fill(id, fence(&*memory, id, at(0)).await, at(0), at(1_000)).await;
    memory.revoke(id, at(1)).await;
    assert_eq!(memory.lookup(id, at(1)).await, Liveness::Ended);
    let later = memory.at(361).await;
    assert_eq!(memory.lookup(id, later).await, Liveness::Ended);
    memory.revoke(id, later).await;
    assert_eq!(memory.lookup(id, memory.at(362).await).await, Liveness::Ended);
}

pub(crate) async fn a_live_entry_is_not_believed_for_longer_than_a_minute(memory: Memory) {
    let id = SessionId::new();
    let early = fence(&*memory, id, at(0)).await;
    memory.fill(id, early, at(0), at(100_000)).await;
    memory.fill(id, early, memory.at(20).await, at(100_000)).await;
    let later = memory.at(60).await;
    memory.fill(id, fence(&*memory, id, later).await, later, at(100_000)).await;
    assert_eq!(memory.lookup(id, memory.at(61).await).await, Liveness::Live);
}

pub(crate) async fn a_session_is_not_live_beyond_its_own_end(memory: Memory) {
    let id = SessionId::new();
    memory.fill(id, fence(&*memory, id, at(0)).await, at(0), at(20)).await;
    assert_eq!(memory.lookup(id, at(0)).await, Liveness::Live);
    assert!(is_unknown(memory.lookup(id, memory.at(20).await).await));
    let over = SessionId::new();
    memory.fill(over, fence(&*memory, over, at(20)).await, at(20), at(20)).await;
    assert!(is_unknown(memory.lookup(over, at(20)).await));
}

pub(crate) async fn of_racing_fills_none_outlasts_a_revocation(memory: Memory) {
    let id = SessionId::new();
    let fence = fence(&*memory, id, at(1)).await;
    let mut racers = tokio::task::JoinSet::new();
    for n in 0..50 {
        let memory = memory.port.clone();
        racers.spawn(async move {
            if n == 25 {
                memory.revoke(id, at(1)).await;
                assert_eq!(memory.lookup(id, at(1)).await, Liveness::Ended);
            } else {
                memory.fill(id, fence, at(1), at(1_000)).await;
            }
        });
    }
    racers.join_all().await;
    assert_eq!(memory.lookup(id, at(2)).await, Liveness::Ended);
}
