//! Whether sessions live, for a node that does not keep them: what Redis remembers, and what it does not, the auth service
//! is asked and Redis is taught.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bus::Bus;
use contract::events::{SESSIONS_TOPIC, SessionEnded};
use contract::internal::{self, CheckedSession, MAX_SESSIONS};
use database::redis::{Redis, RedisLiveSessions};
use futures_util::{StreamExt, stream};
use identity::{LiveSessionCheck, SessionState, Unavailable};
use kernel::{Clock, Fence, Liveness, SessionId, Timestamp};

use super::auth_client::{AuthClient, CallError};

/// Sessions that Redis is taught at once.
const FILLS_AT_ONCE: usize = 32;

/// The answers of Redis and of the auth service. An end that anybody has told wins over whatever else is known.
pub struct SharedLiveSessions {
    live: RedisLiveSessions,
    auth: AuthClient,
    clock: Arc<dyn Clock>,
}

impl SharedLiveSessions {
    /// On this Redis, and on this auth service for what Redis does not know.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(redis: Redis, auth: AuthClient, clock: Arc<dyn Clock>) -> Self {
        Self::on(RedisLiveSessions::new(redis), auth, clock)
    }

    fn on(live: RedisLiveSessions, auth: AuthClient, clock: Arc<dyn Clock>) -> Self {
        Self { live, auth, clock }
    }

    /// Believes from now on what the bus tells of ended sessions, which is sooner than Redis is asked.
    pub fn hear(&self, bus: &dyn Bus) {
        let (live, clock) = (self.live.clone(), Arc::clone(&self.clock));
        let hear = move |payload: &[u8]| match serde_json::from_slice::<SessionEnded>(payload) {
            Ok(ended) => live.note_ended(ended.session_id, clock.now()),
            Err(error) => tracing::warn!(%error, "a note about an ended session cannot be read"),
        };
        bus.subscribe(SESSIONS_TOPIC, Box::new(move |notes| notes.iter().for_each(|note| hear(&note.payload))));
    }

    /// Teaches Redis what the auth service has said, after the look-up that gave the fences.
    async fn fill(&self, checked: &[CheckedSession], fences: &HashMap<SessionId, Fence>, now: Timestamp) {
        let live = checked.iter().filter_map(|checked| {
            let until = checked.expires_at.filter(|_| checked.state == internal::SessionState::Live)?;
            Some((checked.id, *fences.get(&checked.id)?, until))
        });
        stream::iter(live)
            .for_each_concurrent(FILLS_AT_ONCE, |(id, fence, until)| self.live.fill(id, fence, now, until))
            .await;
    }

    /// Those of up to [`MAX_SESSIONS`] sessions that are dead.
    async fn dead_of_some(&self, ids: &[SessionId]) -> Result<Vec<(SessionId, SessionState)>, Unavailable> {
        let now = self.clock.now();
        let mut dead = Vec::new();
        let mut unknown = HashMap::new();
        for (id, liveness) in ids.iter().zip(self.live.lookup_many(ids, now).await) {
            match liveness {
                Liveness::Live => {}
                Liveness::Ended => dead.push((*id, SessionState::Over)),
                Liveness::Unknown(fence) => {
                    unknown.insert(*id, fence);
                }
            }
        }
        if !unknown.is_empty() {
            let asked: Vec<SessionId> = unknown.keys().copied().collect();
            let checked = self.auth.sessions(&asked).await.map_err(|error| unavailable(&error))?;
            all_told(&unknown, &checked)?;
            self.fill(&checked, &unknown, now).await;
            let told = checked.into_iter().map(|checked| (checked.id, state(checked.state)));
            dead.extend(told.filter(|(_, state)| *state != SessionState::Live));
        }
        Ok(dead)
    }
}

#[async_trait]
impl LiveSessionCheck for SharedLiveSessions {
    async fn check(&self, id: SessionId) -> Result<SessionState, Unavailable> {
        let now = self.clock.now();
        let fence = match self.live.lookup(id, now).await {
            Liveness::Live => return Ok(SessionState::Live),
            Liveness::Ended => return Ok(SessionState::Over),
            Liveness::Unknown(fence) => fence,
        };
        let checked = self.auth.sessions(&[id]).await.map_err(|error| unavailable(&error))?;
        let fences = HashMap::from([(id, fence)]);
        all_told(&fences, &checked)?;
        let told = checked.first().map_or(SessionState::Over, |checked| state(checked.state));
        if told != SessionState::Live {
            return Ok(told);
        }
        self.fill(&checked, &fences, now).await;
        // An end may have been told since the auth service was asked; it must win (I16).
        match self.live.lookup(id, self.clock.now()).await {
            Liveness::Ended => Ok(SessionState::Over),
            Liveness::Live | Liveness::Unknown(_) => Ok(SessionState::Live),
        }
    }

    async fn dead(&self, ids: &[SessionId]) -> Result<Vec<(SessionId, SessionState)>, Unavailable> {
        let mut dead = Vec::new();
        for some in ids.chunks(MAX_SESSIONS) {
            dead.extend(self.dead_of_some(some).await?);
        }
        Ok(dead)
    }
}

/// Whether each session that was asked about was told: one that is missing is not known to live.
fn all_told(asked: &HashMap<SessionId, Fence>, told: &[CheckedSession]) -> Result<(), Unavailable> {
    let known = told.iter().filter(|checked| asked.contains_key(&checked.id)).count();
    if known == asked.len() && told.len() == asked.len() { Ok(()) } else { Err(Unavailable) }
}

fn state(told: internal::SessionState) -> SessionState {
    match told {
        internal::SessionState::Live => SessionState::Live,
        internal::SessionState::Over => SessionState::Over,
        internal::SessionState::AccountDisabled => SessionState::AccountDisabled,
    }
}

fn unavailable(error: &CallError) -> Unavailable {
    tracing::warn!(%error, "neither Redis nor the auth service could say whether sessions live");
    Unavailable
}

#[cfg(test)]
mod tests;
