//! Ports that panic at every call that a test did not ask for, and the values that the tests use.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_entity::{DisplayName, Email, PasswordHash, Session, User, Username};
use kernel::{Clock, SessionId, Timestamp};
use limit::{Decision, RateLimiter, Rule, Unlimited};

use crate::ports::{
    AccessToken, Fence, MockAccessTokens, MockAccountEvents, MockLiveSessions, MockPasswordHasher, MockRefreshTokens,
    MockSessionEvents, MockSessions, MockSignInThrottle, MockUsers,
};
use crate::{Auth, AuthPorts, Limits};

pub(crate) struct Mocks {
    pub(crate) users: MockUsers,
    pub(crate) sessions: MockSessions,
    pub(crate) live_sessions: MockLiveSessions,
    pub(crate) hasher: MockPasswordHasher,
    pub(crate) access_tokens: MockAccessTokens,
    pub(crate) refresh_tokens: MockRefreshTokens,
    pub(crate) account_events: MockAccountEvents,
    pub(crate) session_events: MockSessionEvents,
    pub(crate) throttle: MockSignInThrottle,
    limiter: Arc<dyn RateLimiter>,
}

impl Default for Mocks {
    fn default() -> Self {
        Self::with_limiter(Arc::new(Unlimited))
    }
}

impl Mocks {
    /// With a limiter that refuses everything.
    pub(crate) fn refusing() -> Self {
        Self::with_limiter(Arc::new(Refusing))
    }

    fn with_limiter(limiter: Arc<dyn RateLimiter>) -> Self {
        Self {
            users: MockUsers::new(),
            sessions: MockSessions::new(),
            live_sessions: MockLiveSessions::new(),
            hasher: MockPasswordHasher::new(),
            access_tokens: MockAccessTokens::new(),
            refresh_tokens: MockRefreshTokens::new(),
            account_events: MockAccountEvents::new(),
            session_events: MockSessionEvents::new(),
            throttle: MockSignInThrottle::new(),
            limiter,
        }
    }

    pub(crate) fn auth(self) -> Auth {
        let ports = AuthPorts {
            users: Arc::new(self.users),
            sessions: Arc::new(self.sessions),
            live_sessions: Arc::new(self.live_sessions),
            hasher: Arc::new(self.hasher),
            access_tokens: Arc::new(self.access_tokens),
            refresh_tokens: Arc::new(self.refresh_tokens),
            account_events: Arc::new(self.account_events),
            session_events: Arc::new(self.session_events),
            throttle: Arc::new(self.throttle),
            limiter: self.limiter,
            clock: Arc::new(Stopped),
        };
        Auth::new(ports, Limits::default())
    }
}

struct Refusing;

#[async_trait]
impl RateLimiter for Refusing {
    async fn check(&self, _: &Rule, _: &str) -> Decision {
        Decision::Refused { retry_after: Duration::from_secs(1) }
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        now()
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(1_795_259_294_120)
}

pub(crate) fn user() -> User {
    let username = Username::parse("Ann").unwrap();
    let display_name = Some(DisplayName::from(&username));
    User::new(username, Email::parse("ann@example.org").unwrap(), display_name, now())
}

pub(crate) fn session() -> Session {
    Session::open(user().id, None, IpAddr::V4(Ipv4Addr::LOCALHOST), now())
}

/// What a memory hands out that knows nothing of a session.
pub(crate) fn fence() -> Fence {
    Fence::new(SessionId::from_bytes([7; 16]).as_uuid(), 1)
}

pub(crate) fn hash() -> PasswordHash {
    PasswordHash::from_phc("stored".to_owned())
}

pub(crate) fn access_token() -> AccessToken {
    AccessToken { token: "a".to_owned(), expires_in: Duration::from_secs(300) }
}
