//! Tickets of a single process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat_usecase::port::Tickets;
use kernel::{Principal, SessionId, StoreError, Timestamp};

const RANDOM_BYTES: usize = 32;
/// A browser opens one socket for each ticket. Of more unused ones than this the oldest is forgotten.
const MAX_PER_SESSION: usize = 16;
/// Sessions with unused tickets that are remembered; one more is refused a ticket until others are used or too old.
const MAX_SESSIONS: usize = 100_000;

/// Keeps tickets until they are used or too old, at most 16 for each of 100,000 sessions.
pub struct MemoryTickets {
    max_sessions: usize,
    waiting: Mutex<HashMap<SessionId, VecDeque<Waiting>>>,
}

struct Waiting {
    secret: [u8; RANDOM_BYTES],
    principal: Principal,
    until: Timestamp,
}

impl MemoryTickets {
    /// No tickets.
    pub fn new() -> Self {
        Self::with_capacity(MAX_SESSIONS)
    }

    fn with_capacity(max_sessions: usize) -> Self {
        Self { max_sessions, waiting: Mutex::default() }
    }
}

impl Default for MemoryTickets {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Tickets for MemoryTickets {
    async fn issue(
        &self,
        principal: Principal,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let mut secret = [0; RANDOM_BYTES];
        rand::fill(&mut secret).map_err(|_| StoreError::Unavailable("no random numbers".into()))?;
        let session = principal.session_id;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= self.max_sessions && !waiting.contains_key(&session) {
            waiting.retain(|_, of_session| {
                of_session.retain(|waits| now < waits.until);
                !of_session.is_empty()
            });
            if waiting.len() >= self.max_sessions {
                return Ok(None);
            }
        }
        let of_session = waiting.entry(session).or_default();
        if of_session.len() >= MAX_PER_SESSION {
            of_session.pop_front();
        }
        of_session.push_back(Waiting { secret, principal, until });
        let mut ticket = session.as_bytes().to_vec();
        ticket.extend_from_slice(&secret);
        Ok(Some(URL_SAFE_NO_PAD.encode(ticket)))
    }

    async fn redeem(&self, ticket: &str, now: Timestamp) -> Result<Option<Principal>, StoreError> {
        let Ok(ticket) = URL_SAFE_NO_PAD.decode(ticket) else { return Ok(None) };
        let Some((session, secret)) = ticket.split_first_chunk::<16>() else { return Ok(None) };
        let session = SessionId::from_bytes(*session);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(of_session) = waiting.get_mut(&session) else { return Ok(None) };
        of_session.retain(|waits| now < waits.until);
        let same = |waits: &Waiting| aws_lc_rs::constant_time::verify_slices_are_equal(&waits.secret, secret).is_ok();
        let taken = of_session.iter().position(same).and_then(|place| of_session.remove(place));
        if of_session.is_empty() {
            waiting.remove(&session);
        }
        Ok(taken.map(|waits| waits.principal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::UserId;

    #[tokio::test]
    async fn tickets_that_nobody_used_make_room_once_they_are_too_old() {
        let tickets = MemoryTickets::with_capacity(3);
        let at = Timestamp::from_millis;
        let issue = |now| {
            let (user_id, session_id) = (UserId::new(), SessionId::new());
            let principal = Principal { user_id, session_id, username: "ada".to_owned(), expires_at: at(1_000) };
            tickets.issue(principal, at(now), at(now + 30))
        };
        for now in [0, 1, 1] {
            assert!(issue(now).await.unwrap().is_some());
        }
        assert!(issue(29).await.unwrap().is_none(), "all of them are still good");
        assert!(issue(30).await.unwrap().is_some(), "the first is too old");
        assert!(issue(30).await.unwrap().is_none(), "the others are not");
        assert!(issue(31).await.unwrap().is_some());
    }
}
