//! The pair of tokens that a client holds for its session.

use std::fmt;
use std::time::Duration;

use auth_entity::{RefreshToken, Session, User};
use kernel::Timestamp;

use crate::Auth;
use crate::ports::Unexpected;

/// What a client needs to go on.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// For requests; a secret.
    pub access_token: String,
    /// How long the access token lasts.
    pub expires_in: Duration,
    /// For the next pair; a secret.
    pub refresh_token: String,
    /// The session that they belong to.
    pub session: Session,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("session", &self.session.id).finish_non_exhaustive()
    }
}

impl Auth {
    /// Makes the tokens of a session's current generation.
    pub(crate) fn tokens(&self, user: &User, session: Session, now: Timestamp) -> Result<Tokens, Unexpected> {
        let access = self.ports.access_tokens.mint(user, &session, now)?;
        let refresh = RefreshToken { session_id: session.id, generation: session.refresh_generation };
        Ok(Tokens {
            access_token: access.token,
            expires_in: access.expires_in,
            refresh_token: self.ports.refresh_tokens.seal(&refresh),
            session,
        })
    }
}
