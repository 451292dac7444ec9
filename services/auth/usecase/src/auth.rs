//! The service itself: its ports, and nothing else.

use std::sync::Arc;

use kernel::Clock;
use limit::RateLimiter;

use crate::Limits;
use crate::ports::{
    AccessTokens, AccountEvents, LiveSessions, PasswordHasher, RefreshTokens, SessionEvents, Sessions, SignInThrottle,
    Users,
};

/// Everything that the use cases stand on.
#[derive(Clone)]
pub struct AuthPorts {
    /// The store of accounts.
    pub users: Arc<dyn Users>,
    /// The store of sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The quick memory of live sessions.
    pub live_sessions: Arc<dyn LiveSessions>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Seals refresh tokens.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// Writes what other services must hear of accounts.
    pub account_events: Arc<dyn AccountEvents>,
    /// Announces ended sessions.
    pub session_events: Arc<dyn SessionEvents>,
    /// Slows guessing of one account's password.
    pub throttle: Arc<dyn SignInThrottle>,
    /// Counts calls by address and session.
    pub limiter: Arc<dyn RateLimiter>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Accounts and sessions. Each use case is a method in a file of its own.
pub struct Auth {
    pub(crate) ports: AuthPorts,
    pub(crate) limits: Limits,
}

impl Auth {
    /// Puts the service together.
    pub fn new(ports: AuthPorts, limits: Limits) -> Self {
        Self { ports, limits }
    }
}
