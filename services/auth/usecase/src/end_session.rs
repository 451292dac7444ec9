//! What follows when the store has ended a session; the order is what makes I16 true.

use kernel::{SessionId, Timestamp};

use crate::Auth;
use crate::ports::EndReason;

impl Auth {
    /// Makes an end that is committed known: first to every request, then to the sockets. The answer to whoever asked
    /// for the end MUST come after this.
    pub(crate) async fn spread_end(&self, id: SessionId, reason: EndReason, now: Timestamp) {
        self.ports.live_sessions.revoke(id, now).await;
        self.ports.session_events.ended(id, reason);
        tracing::info!(session_id = %id, ?reason, "a session has ended");
    }
}
