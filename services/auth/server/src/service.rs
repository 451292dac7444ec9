//! The service, wired on the embedded store: a parts list.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::ServiceConfig;
use auth_entity::PasswordPolicy;
use auth_handler::Surface;
use auth_repository::memory::{MemoryLiveSessions, MemorySignInThrottle, Unthrottled};
use auth_repository::sqlite::{SqliteSessions, SqliteUsers};
use auth_usecase::ports::{SignInThrottle, Unexpected};
use auth_usecase::{Auth, AuthPorts, Limits};
use bus::Bus;
use database::DataDir;
use database::sqlite::{Readers, Writer, WriterSettings, open_writer};
use identity::{Expected, KeySource, LiveSessionCheck};
use kernel::{Clock, StoreError};
use limit::{LocalLimiter, RateLimiter, Unlimited};
use thiserror::Error;

use crate::gateway::{
    Argon2Hasher, AuthLiveSessionCheck, BusSessionEvents, HashSettings, HmacRefreshTokens, JwtMinter, Keys, KeysError,
};
use crate::{AuthSettings, SettingsError};

/// The database's file in the data directory.
const DATABASE: &str = "auth.db";
/// Connections that read.
const READERS: usize = 2;

/// What the service is made from.
pub struct Parts<'a> {
    /// Where the database and the keys are. The caller holds it for as long as the service runs.
    pub data_dir: &'a DataDir,
    /// The configuration.
    pub settings: AuthSettings,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Takes the notes about ended sessions.
    pub bus: Arc<dyn Bus>,
    /// Whether rates are limited.
    pub limits_enabled: bool,
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
    writer: Writer<()>,
    readers: Readers,
}

impl AuthService {
    /// Opens or makes database and keys, brings the schema up to date, starts the threads.
    pub fn build(parts: Parts<'_>) -> Result<Self, StartError> {
        let Parts { data_dir, settings, clock, bus, limits_enabled } = parts;
        settings.validate()?;
        let keys = Arc::new(Keys::load_or_create(data_dir.path(), &settings)?);
        let (writer, readers) = open_database(data_dir)?;
        let hasher = Argon2Hasher::start(HashSettings {
            threads: settings.hash_threads,
            queue: settings.hash_queue,
            memory_kib: settings.hash_memory_kib,
            passes: settings.hash_passes,
        })
        .map_err(StartError::Hasher)?;
        let lifetime = Duration::from_secs(settings.access_ttl_seconds.into());
        let (limiter, throttle) = brakes(limits_enabled, settings.sign_in_per_account_per_minute);
        let ports = AuthPorts {
            users: Arc::new(SqliteUsers::new(writer.clone(), readers.clone())),
            sessions: Arc::new(SqliteSessions::new(writer.clone(), readers.clone())),
            live_sessions: Arc::new(MemoryLiveSessions::default()),
            hasher: Arc::new(hasher),
            access_tokens: Arc::new(JwtMinter::new(
                &keys,
                settings.issuer.clone(),
                settings.audience.clone(),
                lifetime,
            )),
            refresh_tokens: Arc::new(HmacRefreshTokens::new(&keys)),
            session_events: Arc::new(BusSessionEvents::new(bus)),
            throttle,
            limiter,
            clock,
        };
        let limits = Limits::new(settings.sign_in_per_minute, settings.sign_up_per_hour, settings.refresh_per_minute);
        Ok(Self {
            auth: Arc::new(Auth::new(ports, limits)),
            keys,
            expected: Expected { issuer: settings.issuer, audience: settings.audience },
            policy: PasswordPolicy { min_chars: settings.password_min_chars },
            writer,
            readers,
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
    }

    /// Whether the store takes writes and answers reads.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writer.write(|tx| tx.connection().query_row("SELECT 1", [], |_| Ok(()))).await?;
        self.readers.read(|connection| connection.query_row("SELECT 1", [], |_| Ok(()))).await
    }
}

fn open_database(data_dir: &DataDir) -> Result<(Writer<()>, Readers), StartError> {
    let path = data_dir.file(DATABASE);
    let mut connection = open_writer(&path).map_err(|error| StartError::Database(error.into()))?;
    migrate::sqlite::up(&mut connection, migrate::Service::Auth)?;
    let writer = Writer::start("auth", connection, WriterSettings::default(), Box::new(|_| {}))
        .map_err(|error| StartError::Database(error.into()))?;
    let readers = Readers::start("auth", &path, READERS).map_err(StartError::Database)?;
    Ok((writer, readers))
}

/// What slows too many calls down, or nothing.
fn brakes(enabled: bool, free_attempts: u32) -> (Arc<dyn RateLimiter>, Arc<dyn SignInThrottle>) {
    if enabled {
        (Arc::new(LocalLimiter::new()), Arc::new(MemorySignInThrottle::new(free_attempts)))
    } else {
        (Arc::new(Unlimited), Arc::new(Unthrottled))
    }
}
