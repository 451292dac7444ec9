//! The service put together: a parts list.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::ServiceConfig;
use auth_entity::PasswordPolicy;
use auth_handler::Surface;
use auth_usecase::ports::{Outbox, Unexpected};
use auth_usecase::{Auth, AuthPorts, Limits};
use bus::durable::EventSink;
use identity::{Expected, KeySource, LiveSessionCheck, ServiceKey};
use kernel::Clock;
use process::Engines;
use thiserror::Error;
use web::ReadyCheck;

use crate::gateway::{
    Argon2Hasher, AuthLiveSessionCheck, Bell, BusSessionEvents, HashSettings, HmacRefreshTokens, JwtMinter, Keys,
    KeysError, OutboxEvents, OutboxRelay,
};
use crate::stores::Kept;
use crate::{AuthSettings, SettingsError};

/// What the service is made from.
pub struct Parts<'a> {
    /// Where things are kept, and the bus that takes the notes about ended sessions.
    pub engines: &'a Engines,
    /// The configuration.
    pub settings: AuthSettings,
    /// Who makes the tokens and whom they are for.
    pub expected: Expected,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whether rates are limited.
    pub limits_enabled: bool,
    /// The key of the nodes that may ask about sessions and accounts; without one, none may.
    pub service_key: Option<[u8; 32]>,
}

/// Why the service could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The keys are missing or broken.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The schema is not one that we can use.
    #[error(transparent)]
    Migration(#[from] migrate::Error),
    /// The database could not be opened.
    #[error("the auth database cannot be opened: {0}")]
    Database(Unexpected),
    /// The password hasher could not be started.
    #[error("the password hasher cannot be started: {0}")]
    Hasher(Unexpected),
}

/// The running service. Its threads end when it and what it handed out are dropped.
#[derive(Clone)]
pub struct AuthService {
    auth: Arc<Auth>,
    keys: Arc<Keys>,
    expected: Expected,
    policy: PasswordPolicy,
    service_key: Option<[u8; 32]>,
    outbox: Arc<dyn Outbox>,
    bell: Bell,
    check: Arc<dyn ReadyCheck>,
}

impl AuthService {
    /// Opens the stores and the keys and starts the threads. An embedded store and its keys are made where they are missing.
    pub async fn build(parts: Parts<'_>) -> Result<Self, StartError> {
        let Parts { engines, settings, expected, clock, limits_enabled, service_key } = parts;
        settings.validate()?;
        let keys = Arc::new(Keys::load_or_create(engines.data_dir(), &settings)?);
        let kept = Kept::open(engines, Arc::clone(&clock), limits_enabled, settings.sign_in_per_account_per_minute)?;
        let account_events = OutboxEvents::new();
        let bell = account_events.bell();
        let hasher = Argon2Hasher::start(HashSettings {
            threads: settings.hash_threads,
            queue: settings.hash_queue,
            memory_kib: settings.hash_memory_kib,
            passes: settings.hash_passes,
        })
        .map_err(StartError::Hasher)?;
        let lifetime = Duration::from_secs(settings.access_ttl_seconds.into());
        let ports = AuthPorts {
            users: kept.users,
            sessions: kept.sessions,
            live_sessions: kept.live_sessions,
            hasher: Arc::new(hasher),
            access_tokens: Arc::new(JwtMinter::new(
                &keys,
                expected.issuer.clone(),
                expected.audience.clone(),
                lifetime,
            )),
            refresh_tokens: Arc::new(HmacRefreshTokens::new(&keys)),
            account_events: Arc::new(account_events),
            session_events: Arc::new(BusSessionEvents::new(Arc::clone(&engines.bus))),
            throttle: kept.throttle,
            limiter: kept.limiter,
            clock,
        };
        let limits = Limits::new(settings.sign_in_per_minute, settings.sign_up_per_hour, settings.refresh_per_minute);
        Ok(Self {
            auth: Arc::new(Auth::new(ports, limits)),
            keys,
            expected,
            policy: PasswordPolicy { min_chars: settings.password_min_chars },
            service_key,
            outbox: kept.outbox,
            bell,
            check: kept.check,
        })
    }

    /// The use cases.
    pub fn auth(&self) -> Arc<Auth> {
        Arc::clone(&self.auth)
    }

    /// The keys that `identity` verifies access tokens with.
    pub fn key_source(&self) -> Arc<dyn KeySource> {
        Arc::clone(&self.keys) as Arc<dyn KeySource>
    }

    /// The answers to `identity`'s questions about sessions.
    pub fn live_session_check(&self) -> Arc<dyn LiveSessionCheck> {
        Arc::new(AuthLiveSessionCheck::new(self.auth()))
    }

    /// The issuer and the audience of the tokens that this service makes.
    pub fn expected(&self) -> Expected {
        self.expected.clone()
    }

    /// Adds the routes. Beside them, the application needs `Data<identity::Verifier>` and `Data<web::AllowedOrigins>`.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let surface = Surface { auth: self.auth(), policy: self.policy, jwks: self.keys.jwks() };
        auth_handler::configure(surface, config);
        if let Some(key) = &self.service_key {
            auth_handler::internal::configure(self.auth(), ServiceKey::from_bytes(*key), config);
        }
    }

    /// Begins to pass on what the other service must not miss, for as long as the service lives. Must be called within a
    /// tokio runtime, once.
    pub fn relay_events(&self, sink: Arc<dyn EventSink>) {
        OutboxRelay::start(Arc::clone(&self.outbox), sink, self.bell.clone());
    }

    /// What the service cannot serve without.
    pub fn ready_check(&self) -> Arc<dyn ReadyCheck> {
        Arc::clone(&self.check)
    }
}
