//! Which stores stand behind the ports: chosen once, here.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use chat_repository::memory::{MemoryPresenceLeases, MemoryTickets};
use chat_repository::postgres::{PostgresLog, PostgresPeople, PostgresRooms, PostgresStore};
use chat_repository::redis::{RedisPresenceLeases, RedisTickets};
use chat_repository::sqlite::{SqliteLog, SqlitePeople, SqliteRooms, SqliteStore};
use chat_usecase::port::{Log, People, PresenceLeases, Rooms, Tickets};
use database::DataDir;
use database::redis::RedisLimiter;
use database::sqlite::{lengthen_log, open_writer};
use limit::{LocalLimiter, RateLimiter, Unlimited};
use process::{Fleet, StoreCheck, Stores};
use web::ReadyCheck;

use crate::gateway::committed_events;
use crate::{ChatSettings, StartError};

/// The database's file in the data directory.
const DATABASE: &str = "chat.db";
/// What a store is called where it is not ready.
const NAME: &str = "chat store";
/// How much longer a first start may take for the sake of the commits that follow: little beside the second in which a server
/// is to be ready, and twice what an SSD needs.
const LENGTHEN_WITHIN: Duration = Duration::from_millis(500);

/// The stores of the service.
pub(crate) struct Kept {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) rooms: Arc<dyn Rooms>,
    pub(crate) people: Arc<dyn People>,
    pub(crate) tickets: Arc<dyn Tickets>,
    pub(crate) presence: Arc<dyn PresenceLeases>,
    pub(crate) limits: Arc<dyn RateLimiter>,
    pub(crate) check: Arc<dyn ReadyCheck>,
}

impl Kept {
    /// Opens what the engines have. What is committed goes to the bus. It takes of the settings what
    /// concerns an embedded store, and how long leases last.
    pub(crate) async fn open(
        stores: &Stores,
        bus: Arc<dyn Bus>,
        limits_enabled: bool,
        settings: &ChatSettings,
    ) -> Result<Self, StartError> {
        let mut kept = match stores {
            Stores::Embedded(data_dir) => Self::embedded(data_dir, bus, settings)?,
            Stores::Fleet(fleet) => Self::fleet(fleet, bus, settings.presence_lease()).await?,
        };
        if !limits_enabled {
            kept.limits = Arc::new(Unlimited);
        }
        Ok(kept)
    }

    fn embedded(data_dir: &DataDir, bus: Arc<dyn Bus>, settings: &ChatSettings) -> Result<Self, StartError> {
        let path = data_dir.file(DATABASE);
        let failed =
            |cause: Box<dyn Error + Send + Sync>| StartError::Database { path: path.display().to_string(), cause };
        let mut connection = open_writer(&path).map_err(|error| failed(error.into()))?;
        migrate::sqlite::up(&mut connection, migrate::Service::Chat)?;
        if settings.store_full_log {
            match lengthen_log(&connection, LENGTHEN_WITHIN) {
                Ok(bytes) => tracing::debug!(bytes, "the length of the write-ahead log"),
                Err(error) => tracing::warn!(
                    %error,
                    "the write-ahead log cannot be made as long as it will be, 80 MiB. See that DATA_DIR's disk has room for it"
                ),
            }
        }
        drop(connection);
        let store =
            SqliteStore::open(&path, settings.store_readers, Box::new(committed_events(bus))).map_err(failed)?;
        let pinged = store.clone();
        let check = StoreCheck::new(NAME, move || {
            let store = pinged.clone();
            async move { store.ping().await.is_ok() }
        });
        Ok(Self {
            log: Arc::new(SqliteLog::new(store.clone())),
            rooms: Arc::new(SqliteRooms::new(store.clone())),
            people: Arc::new(SqlitePeople::new(store)),
            tickets: Arc::new(MemoryTickets::new()),
            presence: Arc::new(MemoryPresenceLeases::new()),
            limits: Arc::new(LocalLimiter::new()),
            check: Arc::new(check),
        })
    }

    async fn fleet(fleet: &Fleet, bus: Arc<dyn Bus>, presence_lease: Duration) -> Result<Self, StartError> {
        let store = PostgresStore::connect(&fleet.postgres, Arc::new(committed_events(bus)))
            .await
            .map_err(|error| StartError::Database { path: "in PostgreSQL".to_owned(), cause: error })?;
        let pinged = store.clone();
        let check = StoreCheck::new(NAME, move || {
            let store = pinged.clone();
            async move { store.ping().await.is_ok() }
        });
        Ok(Self {
            log: Arc::new(PostgresLog::new(store.clone())),
            rooms: Arc::new(PostgresRooms::new(store.clone())),
            people: Arc::new(PostgresPeople::new(store)),
            tickets: Arc::new(RedisTickets::new(fleet.redis.clone())),
            presence: Arc::new(RedisPresenceLeases::settled_after(fleet.redis.clone(), presence_lease)),
            limits: Arc::new(RedisLimiter::new(fleet.redis.clone())),
            check: Arc::new(check),
        })
    }
}
