//! The store is the truth: every few seconds it is asked what the bus may have lost (I8, I16).
//!
//! Two questions for all sockets of a worker: which followed rooms have moved on, and which sessions have ended.

use std::rc::Rc;
use std::sync::Arc;

use contract::events::SessionEndReason;
use contract::frames::close;
use kernel::SessionId;
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
            // Sessions first: an end that was not heard of must bite soonest.
            let has_missed_something = missed.take();
            self.ask_for_sessions().await;
            self.ask_for_rooms().await;
            if has_missed_something {
                tracing::warn!("a worker was not told of everything; it asks the store");
                for socket in self.all_sockets() {
                    self.compare_rooms(&socket).await;
                }
            }
        }
    }

    async fn ask_for_rooms(self: &Rc<Self>) {
        let known = self.rooms.borrow().iter().map(|(room, followed)| (*room, followed.level())).collect();
        match self.live.chat.moved(known).await {
            Ok(moved) => self.heard_of(&moved),
            Err(error) => tracing::warn!(%error, "rooms could not be reconciled"),
        }
    }

    async fn ask_for_sessions(self: &Rc<Self>) {
        let mut sessions: Vec<SessionId> =
            self.sockets.borrow().values().map(|socket| socket.principal.session_id).collect();
        sessions.sort_unstable();
        sessions.dedup();
        if sessions.is_empty() {
            self.verified_at.set(None);
            return;
        }
        let now = Instant::now();
        match self.live.verifier.dead_sessions(&sessions).await {
            Ok(dead) => {
                self.verified_at.set(Some(now));
                for session in dead {
                    self.end_session(session, SessionEndReason::SignedOut);
                }
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
            }
        }
    }
}
