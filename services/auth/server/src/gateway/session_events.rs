//! Ended sessions onto the bus, for whoever holds their sockets.

use std::sync::Arc;

use auth_usecase::ports::{EndReason, SessionEvents};
use bus::{Bus, Channel, Message};
use bytes::Bytes;
use contract::events::{SESSIONS_TOPIC, SessionEndReason, SessionEnded};
use kernel::SessionId;

/// Publishes on [`SESSIONS_TOPIC`].
pub struct BusSessionEvents {
    bus: Arc<dyn Bus>,
}

impl BusSessionEvents {
    /// On this bus.
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus }
    }
}

impl SessionEvents for BusSessionEvents {
    fn ended(&self, session_id: SessionId, reason: EndReason) {
        let reason = match reason {
            EndReason::SignedOut => SessionEndReason::SignedOut,
            EndReason::RefreshReused => SessionEndReason::RefreshReused,
        };
        match serde_json::to_vec(&SessionEnded { session_id, reason }) {
            Ok(note) => {
                let message = Message { channel: Channel::Everyone, payload: Bytes::from(note) };
                self.bus.publish(SESSIONS_TOPIC, &[message]);
            }
            Err(cause) => tracing::error!(%cause, "a note about an ended session could not be written"),
        }
    }
}
