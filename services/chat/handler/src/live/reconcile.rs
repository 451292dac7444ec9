//! The store is the truth: every few seconds it is asked what the bus may have lost (I8, I16).
//!
//! Three questions for all sockets of a worker, so many at a time: which sessions have ended, which followed rooms have moved
//! on, and which users have joined or left rooms. They are spread over the time between two rounds ([`Pace`]).

use std::rc::Rc;
use std::sync::Arc;

use contract::events::SessionEndReason;
use contract::frames::close;
use identity::SessionState;
use kernel::{RoomId, SessionId, UserId};
use tokio::time::Instant;

use super::fanout::Missed;
use super::pace::Pace;
use super::shard::Shard;
use super::socket::Ending;

/// How many sessions, rooms or users one question is about. The answer for a thousand took a reader of the embedded store 3 ms, and
/// one for 256 takes PostgreSQL up to 1 ms, in which a commit waits for the core.
const ASKED_AT_ONCE: usize = 256;

impl Shard {
    pub(super) async fn reconcile(self: Rc<Self>, missed: Arc<Missed>) {
        loop {
            let pace = if missed.take() {
                tracing::debug!("a worker may have missed something; it asks the store at once");
                Pace::AT_ONCE
            } else {
                Pace::of(self.live.settings.reconcile_every, self.questions(), &missed)
            };
            // Sessions first: an end that was not heard of must bite soonest.
            self.ask_for_sessions(&pace).await;
            self.ask_for_rooms(&pace).await;
            self.ask_for_memberships(&pace).await;
            pace.end().await;
        }
    }

    /// How many questions a round has, or a few more: several sockets may be of one session.
    fn questions(&self) -> usize {
        let asked_about = [self.sockets.borrow().len(), self.rooms.borrow().len(), self.all_users().len()];
        asked_about.iter().map(|count| count.div_ceil(ASKED_AT_ONCE)).sum()
    }

    async fn ask_for_rooms(self: &Rc<Self>, pace: &Pace<'_>) {
        let rooms: Vec<RoomId> = self.rooms.borrow().keys().copied().collect();
        for some in rooms.chunks(ASKED_AT_ONCE) {
            pace.next().await;
            let known = {
                let followed = self.rooms.borrow();
                some.iter().filter_map(|room| Some((*room, followed.get(room)?.latest()))).collect()
            };
            match self.live.chat.moved(known).await {
                Ok(moved) => self.heard_of(&moved),
                Err(error) => return tracing::warn!(%error, "rooms could not be reconciled"),
            }
        }
    }

    async fn ask_for_memberships(self: &Rc<Self>, pace: &Pace<'_>) {
        for some in self.all_users().chunks(ASKED_AT_ONCE) {
            pace.next().await;
            let known = some.iter().filter_map(|user| Some((*user, self.known_membership(*user)?))).collect();
            match self.live.chat.memberships_moved(known).await {
                Ok(moved) => {
                    for (user, _) in moved {
                        for socket in self.sockets_of(user) {
                            self.compare_rooms(&socket).await;
                        }
                    }
                }
                Err(error) => return tracing::warn!(%error, "memberships could not be reconciled"),
            }
        }
    }

    /// The `membership_no` that all of a user's sockets know of; `None` when none of them has started.
    fn known_membership(&self, user: UserId) -> Option<u64> {
        let sockets = self.sockets_of(user);
        sockets.iter().filter(|socket| socket.is_started()).map(|socket| socket.membership_no.get()).min()
    }

    /// Closes the sockets whose sessions have ended. `false` when nobody could say.
    pub(super) async fn ask_for_sessions(self: &Rc<Self>, pace: &Pace<'_>) -> bool {
        let mut sessions: Vec<SessionId> =
            self.sockets.borrow().values().map(|socket| socket.principal.session_id).collect();
        sessions.sort_unstable();
        sessions.dedup();
        if sessions.is_empty() {
            self.verified_at.set(None);
            return true;
        }
        let now = Instant::now();
        for some in sessions.chunks(ASKED_AT_ONCE) {
            pace.next().await;
            match self.live.verifier.dead_sessions(some).await {
                Ok(dead) => self.end_dead(dead),
                Err(error) => {
                    tracing::warn!(%error, "sessions could not be verified");
                    self.close_unverified(Instant::now());
                    return false;
                }
            }
        }
        self.verified_at.set(Some(now));
        true
    }

    fn end_dead(self: &Rc<Self>, dead: Vec<(SessionId, SessionState)>) {
        for (session, state) in dead {
            let reason = match state {
                SessionState::AccountDisabled => SessionEndReason::AccountDisabled,
                SessionState::Over | SessionState::Live => SessionEndReason::SignedOut,
            };
            self.end_session(session, reason);
        }
    }

    /// Closes every socket when nobody could say for too long whether their sessions live.
    fn close_unverified(&self, now: Instant) {
        let since = self.verified_at.get().unwrap_or(now);
        self.verified_at.set(Some(since));
        if now - since >= self.live.settings.unverified_at_most {
            let ending = Ending::new(close::TRY_ANOTHER_NODE, "the session cannot be verified here");
            for socket in self.all_sockets() {
                self.close(&socket, &ending);
            }
        }
    }
}
