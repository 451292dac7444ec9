//! What a memory of live sessions must do.

use std::sync::Arc;

use auth_usecase::ports::{LiveSessions, Liveness};
use kernel::SessionId;

use crate::samples::at;
use crate::stores;

crate::suite!(live_sessions on memory from super::stores::memory_live_sessions:
    a_filled_session_is_live_and_others_are_unknown
    a_fill_that_comes_late_does_not_revive
    a_revocation_is_seen_at_once_and_for_six_minutes
    a_live_entry_is_not_believed_for_longer_than_a_minute
    a_session_is_not_live_beyond_its_own_end
    of_racing_fills_none_outlasts_a_revocation
);

pub(crate) async fn a_filled_session_is_live_and_others_are_unknown(memory: Arc<dyn LiveSessions>) {
    let id = SessionId::new();
    assert_eq!(memory.lookup(id, at(0)).await, Liveness::Unknown);
    memory.fill(id, at(0), at(1_000)).await;
    assert_eq!(memory.lookup(id, at(1)).await, Liveness::Live);
    assert_eq!(memory.lookup(SessionId::new(), at(1)).await, Liveness::Unknown);
}

pub(crate) async fn a_fill_that_comes_late_does_not_revive(memory: Arc<dyn LiveSessions>) {
    let id = SessionId::new();
    memory.revoke(id, at(10)).await;
    memory.fill(id, at(9), at(1_000)).await;
    memory.fill(id, at(300), at(1_000)).await;
    assert_eq!(memory.lookup(id, at(301)).await, Liveness::Ended);
}

pub(crate) async fn a_revocation_is_seen_at_once_and_for_six_minutes(memory: Arc<dyn LiveSessions>) {
    let id = SessionId::new();
    memory.fill(id, at(0), at(1_000)).await;
    memory.revoke(id, at(1)).await;
    assert_eq!(memory.lookup(id, at(1)).await, Liveness::Ended);
    assert_eq!(memory.lookup(id, at(361)).await, Liveness::Ended);
    memory.revoke(id, at(361)).await;
    assert_eq!(memory.lookup(id, at(362)).await, Liveness::Ended);
}

pub(crate) async fn a_live_entry_is_not_believed_for_longer_than_a_minute(memory: Arc<dyn LiveSessions>) {
    let id = SessionId::new();
    memory.fill(id, at(0), at(100_000)).await;
    memory.fill(id, at(20), at(100_000)).await;
    assert_eq!(memory.lookup(id, at(60)).await, Liveness::Unknown);
    memory.fill(id, at(60), at(100_000)).await;
    assert_eq!(memory.lookup(id, at(61)).await, Liveness::Live);
}

pub(crate) async fn a_session_is_not_live_beyond_its_own_end(memory: Arc<dyn LiveSessions>) {
    let id = SessionId::new();
    memory.fill(id, at(0), at(3)).await;
    assert_eq!(memory.lookup(id, at(2)).await, Liveness::Live);
    assert_eq!(memory.lookup(id, at(3)).await, Liveness::Unknown);
}

pub(crate) async fn of_racing_fills_none_outlasts_a_revocation(memory: Arc<dyn LiveSessions>) {
    let id = SessionId::new();
    let mut racers = tokio::task::JoinSet::new();
    for n in 0..50 {
        let memory = memory.clone();
        racers.spawn(async move {
            if n == 25 {
                memory.revoke(id, at(1)).await;
                assert_eq!(memory.lookup(id, at(1)).await, Liveness::Ended);
            } else {
                memory.fill(id, at(1), at(1_000)).await;
            }
        });
    }
    racers.join_all().await;
    assert_eq!(memory.lookup(id, at(2)).await, Liveness::Ended);
}
