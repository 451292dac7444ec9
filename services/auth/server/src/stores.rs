//! Which stores stand behind the ports: chosen once, here.

use std::sync::Arc;

use auth_repository::memory::{MemoryLiveSessions, MemorySignInThrottle, Unthrottled};
use auth_repository::postgres::{PostgresOutbox, PostgresSessions, PostgresStore, PostgresUsers};
use auth_repository::redis::{RedisLiveSessions, RedisSignInThrottle};
use auth_repository::sqlite::{SqliteOutbox, SqliteSessions, SqliteUsers};
use auth_usecase::ports::{LiveSessions, Outbox, Sessions, SignInThrottle, Users};
use bus::{Bus, Message};
use contract::events::{SESSIONS_TOPIC, SessionEnded};
use database::DataDir;
use database::redis::RedisLimiter;
use database::sqlite::{Readers, Writer, WriterSettings, open_writer};
use kernel::Clock;
use limit::{LocalLimiter, RateLimiter, Unlimited};
use process::{Engines, Fleet, StoreCheck, Stores};
use web::ReadyCheck;

use crate::StartError;

/// The database's file in the data directory.
const DATABASE: &str = "auth.db";
/// Connections that read.
const READERS: usize = 2;
/// What a store is called where it is not ready.
const NAME: &str = "auth store";

/// The stores of the service.
pub(crate) struct Kept {
    pub(crate) users: Arc<dyn Users>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) live_sessions: Arc<dyn LiveSessions>,
    pub(crate) throttle: Arc<dyn SignInThrottle>,
    pub(crate) limiter: Arc<dyn RateLimiter>,
    pub(crate) check: Arc<dyn ReadyCheck>,
}

impl Kept {
    /// Opens what the engines have. `free_attempts` sign-ins of an account pass before each has to wait.
    pub(crate) fn open(
        engines: &Engines,
        clock: Arc<dyn Clock>,
        limits_enabled: bool,
        free_attempts: u32,
    ) -> Result<Self, StartError> {
        let mut kept = match &engines.stores {
            Stores::Embedded(data_dir) => Self::embedded(data_dir, free_attempts)?,
            Stores::Fleet(fleet) => Self::fleet(fleet, &*engines.bus, clock, free_attempts)?,
        };
        if !limits_enabled {
            kept.limiter = Arc::new(Unlimited);
            kept.throttle = Arc::new(Unthrottled);
        }
        Ok(kept)
    }

    fn embedded(data_dir: &DataDir, free_attempts: u32) -> Result<Self, StartError> {
        let path = data_dir.file(DATABASE);
        let mut connection = open_writer(&path).map_err(|error| StartError::Database(error.into()))?;
        migrate::sqlite::up(&mut connection, migrate::Service::Auth)?;
        let writer = Writer::start("auth", connection, WriterSettings::default(), Box::new(|_| {}))
            .map_err(|error| StartError::Database(error.into()))?;
        let readers = Readers::start("auth", &path, READERS).map_err(StartError::Database)?;
        let pinged = (writer.clone(), readers.clone());
        let check = StoreCheck::new(NAME, move || {
            let (writer, readers) = pinged.clone();
            async move {
                let writes = writer.write(|tx| tx.connection().query_row("SELECT 1", [], |_| Ok(()))).await;
                writes.is_ok()
                    && readers.read(|connection| connection.query_row("SELECT 1", [], |_| Ok(()))).await.is_ok()
            }
        });
        Ok(Self {
            users: Arc::new(SqliteUsers::new(writer.clone(), readers.clone())),
            sessions: Arc::new(SqliteSessions::new(writer.clone(), readers.clone())),
            outbox: Arc::new(SqliteOutbox::new(writer, readers)),
            live_sessions: Arc::new(MemoryLiveSessions::default()),
            throttle: Arc::new(MemorySignInThrottle::new(free_attempts)),
            limiter: Arc::new(LocalLimiter::new()),
            check: Arc::new(check),
        })
    }

    fn fleet(fleet: &Fleet, bus: &dyn Bus, clock: Arc<dyn Clock>, free_attempts: u32) -> Result<Self, StartError> {
        let store = PostgresStore::connect(&fleet.postgres).map_err(|error| StartError::Database(error.into()))?;
        let pinged = store.clone();
        let check = StoreCheck::new(NAME, move || {
            let store = pinged.clone();
            async move { store.ping().await.is_ok() }
        });
        let live_sessions = database::redis::RedisLiveSessions::new(fleet.redis.clone());
        believe_endings(bus, live_sessions.clone(), clock);
        Ok(Self {
            users: Arc::new(PostgresUsers::new(store.clone())),
            sessions: Arc::new(PostgresSessions::new(store.clone())),
            outbox: Arc::new(PostgresOutbox::new(store)),
            live_sessions: Arc::new(RedisLiveSessions::new(live_sessions)),
            throttle: Arc::new(RedisSignInThrottle::new(fleet.redis.clone(), free_attempts)),
            limiter: Arc::new(RedisLimiter::new(fleet.redis.clone())),
            check: Arc::new(check),
        })
    }
}

/// Believes what other nodes say of ended sessions, also when this node and Redis do not reach each other.
fn believe_endings(bus: &dyn Bus, sessions: database::redis::RedisLiveSessions, clock: Arc<dyn Clock>) {
    let hear = move |batch: &[Message]| {
        for ended in batch.iter().filter_map(|message| serde_json::from_slice::<SessionEnded>(&message.payload).ok()) {
            sessions.note_ended(ended.session_id, clock.now());
        }
    };
    bus.subscribe(SESSIONS_TOPIC, Box::new(hear));
}
