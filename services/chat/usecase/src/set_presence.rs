//! Saying how present one is.

use std::time::Duration;

use kernel::Principal;
use thiserror::Error;

use crate::Chat;

/// Why a caller may not say it now.
#[derive(Debug, Error)]
pub enum SetPresenceError {
    /// It changes too often: all who share a room with the caller are told each time.
    #[error("too many changes; the next in {retry_after:?}")]
    RateLimited {
        /// When the next one will be taken.
        retry_after: Duration,
    },
}

impl Chat {
    /// Whether the caller may say how present they are, once more. What they say is then in the lease of the connection
    /// that says it; see [`renew_presence`](Self::renew_presence).
    pub fn check_set_presence(&self, caller: &Principal) -> Result<(), SetPresenceError> {
        self.check_rate(self.rules.presence_rate.as_ref(), caller.user_id)
            .map_err(|retry_after| SetPresenceError::RateLimited { retry_after })
    }
}
