//! The short-lived tokens that requests carry.

use std::fmt;
use std::time::Duration;

use auth_entity::{Session, User};
use kernel::Timestamp;

use super::Unexpected;

/// A token and how long it lasts.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token, a secret.
    pub token: String,
    /// Its lifetime.
    pub expires_in: Duration,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Makes access tokens.
#[cfg_attr(test, mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// Signs a token for a session of a user. Each one MUST be different.
    fn mint(&self, user: &User, session: &Session, now: Timestamp) -> Result<AccessToken, Unexpected>;
}
