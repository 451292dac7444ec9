//! The store is the truth: every few seconds it is asked what the bus may have lost (I8, I16).
//!
//! Three questions for all sockets of a worker: which sessions have ended, which followed rooms have moved on, and which
//! users have joined or left rooms.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use contract::events::SessionEndReason;
use contract::frames::close;
use identity::SessionState;
use kernel::{SessionId, UserId};
use tokio::time::Instant;

use super::fanout::Missed;
use super::shard::Shard;
use super::socket::Ending;

impl Shard {
    pub(super) async fn reconcile(self: Rc<Self>, missed: Arc<Missed>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.live.settings.reconcile_every) => {}
                () = missed.wake.notified() => {}
            }
            if missed.take() {
                tracing::debug!("a worker may have missed something; it asks the store at once");
            }
            // Sessions first: an end that was not heard of must bite soonest.
            self.ask_for_sessions().await;
            self.ask_for_rooms().await;
            self.ask_for_memberships().await;
        }
    }

    async fn ask_for_rooms(self: &Rc<Self>) {
        let known = self.rooms.borrow().iter().map(|(room, followed)| (*room, followed.latest())).collect();
        match self.live.chat.moved(known).await {
            Ok(moved) => self.heard_of(&moved),
            Err(error) => tracing::warn!(%error, "rooms could not be reconciled"),
        }
    }

    async fn ask_for_memberships(self: &Rc<Self>) {
        let mut known: HashMap<UserId, u64> = HashMap::new();
        for socket in self.all_sockets().iter().filter(|socket| socket.is_started()) {
            let place = known.entry(socket.principal.user_id).or_insert(u64::MAX);
            *place = (*place).min(socket.membership_no.get());
        }
        match self.live.chat.memberships_moved(known.into_iter().collect()).await {
            Ok(moved) => {
                for (user, _) in moved {
                    for socket in self.sockets_of(user) {
                        self.compare_rooms(&socket).await;
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "memberships could not be reconciled"),
        }
    }

    /// Closes the sockets whose sessions have ended. `false` when nobody could say.
    pub(super) async fn ask_for_sessions(self: &Rc<Self>) -> bool {
        let mut sessions: Vec<SessionId> =
            self.sockets.borrow().values().map(|socket| socket.principal.session_id).collect();
        sessions.sort_unstable();
        sessions.dedup();
        if sessions.is_empty() {
            self.verified_at.set(None);
            return true;
        }
        let now = Instant::now();
        match self.live.verifier.dead_sessions(&sessions).await {
            Ok(dead) => {
                self.verified_at.set(Some(now));
                for (session, state) in dead {
                    let reason = match state {
                        SessionState::AccountDisabled => SessionEndReason::AccountDisabled,
                        SessionState::Over | SessionState::Live => SessionEndReason::SignedOut,
                    };
                    self.end_session(session, reason);
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, "sessions could not be verified");
                let since = self.verified_at.get().unwrap_or(now);
                self.verified_at.set(Some(since));
                if now - since >= self.live.settings.unverified_at_most {
                    let ending = Ending::new(close::TRY_ANOTHER_NODE, "the session cannot be verified here");
                    for socket in self.all_sockets() {
                        self.close(&socket, &ending);
                    }
                }
                false
            }
        }
    }
}
