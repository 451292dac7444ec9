//! The service, wired on the embedded store: a parts list.

use std::error::Error;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use bus::Bus;
use chat_handler::live::{Fanout, Live, Shard};
use chat_repository::memory::MemoryTickets;
use chat_repository::sqlite::{SqliteLog, SqlitePeople, SqliteRooms, SqliteStore};
use chat_usecase::port::Profiles;
use chat_usecase::{Chat, Ports};
use database::DataDir;
use database::sqlite::open_writer;
use identity::Verifier;
use kernel::{Clock, StoreError};
use limit::{LocalLimiter, RateLimiter, Unlimited};
use thiserror::Error;
use web::{AllowedOrigins, Lifecycle};

use crate::gateway::{BusPassingEvents, committed_events};
use crate::{ChatSettings, SettingsError};

/// The database's file in the data directory.
const DATABASE: &str = "chat.db";

/// What the service is made from.
pub struct Parts<'a> {
    /// Where the database is. The caller holds it for as long as the service runs.
    pub data_dir: &'a DataDir,
    /// The configuration.
    pub settings: ChatSettings,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What connects the parts.
    pub bus: Arc<dyn Bus>,
    /// Checks tokens and sessions.
    pub verifier: Arc<Verifier>,
    /// Knows the accounts.
    pub profiles: Arc<dyn Profiles>,
    /// Whether the process is about to stop.
    pub lifecycle: Lifecycle,
    /// Which pages may connect.
    pub origins: AllowedOrigins,
    /// Whether rates and counts are limited.
    pub limits_enabled: bool,
}

/// Why the service could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The schema is not one that we can use.
    #[error(transparent)]
    Migration(#[from] migrate::Error),
    /// The database could not be opened.
    #[error("the chat database {path} cannot be opened: {cause}")]
    Database {
        /// The file.
        path: String,
        /// What went wrong.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The store failed while the service started.
    #[error("the chat service cannot start: {0}")]
    Store(#[from] StoreError),
}

/// The running service. Its threads end when it and what it handed out are dropped.
#[derive(Clone)]
pub struct ChatService {
    live: Arc<Live>,
    store: SqliteStore,
}

impl ChatService {
    /// Opens or makes the database, brings the schema up to date, makes the default rooms, starts the threads.
    pub async fn build(parts: Parts<'_>) -> Result<Self, StartError> {
        let rules = parts.settings.rules(parts.limits_enabled)?;
        let settings = parts.settings.live(parts.limits_enabled);
        let limits: Arc<dyn RateLimiter> =
            if parts.limits_enabled { Arc::new(LocalLimiter::new()) } else { Arc::new(Unlimited) };
        let store = open_store(parts.data_dir, parts.settings.store_readers, Arc::clone(&parts.bus))?;
        let ports = Ports {
            log: Arc::new(SqliteLog::new(store.clone())),
            rooms: Arc::new(SqliteRooms::new(store.clone())),
            people: Arc::new(SqlitePeople::new(store.clone())),
            profiles: parts.profiles,
            tickets: Arc::new(MemoryTickets::new()),
            passing: Arc::new(BusPassingEvents::new(Arc::clone(&parts.bus))),
            limits: Arc::clone(&limits),
            clock: Arc::clone(&parts.clock),
        };
        let chat = Arc::new(Chat::new(ports, rules));
        chat.prepare_default_rooms().await?;
        let epoch = chat.epoch().await?;
        let live = Arc::new(Live {
            chat,
            verifier: parts.verifier,
            fanout: Fanout::on(&*parts.bus),
            clock: parts.clock,
            limits,
            socket_limits: LocalLimiter::new(),
            lifecycle: parts.lifecycle,
            origins: parts.origins,
            epoch,
            settings,
        });
        Ok(Self { live, store })
    }

    /// Adds the routes, and the worker's hub: call it once for each worker. Beside them, the application needs
    /// `Data<identity::Verifier>`.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::from(Arc::clone(&self.live)))
            .app_data(Data::from(Arc::clone(&self.live.chat)))
            .app_data(Shard::new(Arc::clone(&self.live)));
        chat_handler::configure(config);
    }

    /// Sends every socket away and returns when all are gone. Ends by itself.
    pub async fn drain(&self) {
        self.live.fanout.drain().await;
    }

    /// Whether the store takes writes.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    /// Characters of a message at most.
    pub fn max_body_chars(&self) -> usize {
        self.live.chat.rules().max_body_chars
    }

    /// Bytes of a client's frame at most.
    pub fn max_frame_bytes(&self) -> usize {
        self.live.settings.max_frame_bytes
    }
}

fn open_store(data_dir: &DataDir, readers: usize, bus: Arc<dyn Bus>) -> Result<SqliteStore, StartError> {
    let path = data_dir.file(DATABASE);
    let failed = |cause: Box<dyn Error + Send + Sync>| StartError::Database { path: path.display().to_string(), cause };
    let mut connection = open_writer(&path).map_err(|error| failed(error.into()))?;
    migrate::sqlite::up(&mut connection, migrate::Service::Chat)?;
    drop(connection);
    SqliteStore::open(&path, readers, committed_events(bus)).map_err(failed)
}
