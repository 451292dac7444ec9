//! The service put together: a parts list.

use std::error::Error;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use bus::durable::{EventHandler, JetStream};
use chat_handler::live::{Fanout, Live, Shard};
use chat_usecase::port::Profiles;
use chat_usecase::{Chat, Ports};
use contract::events::PROFILES_TOPIC;
use contract::meta::Meta;
use identity::Verifier;
use kernel::{Clock, StoreError};
use limit::LocalLimiter;
use process::{Engines, Stores};
use thiserror::Error;
use web::{AllowedOrigins, Lifecycle, ReadyCheck};

use crate::gateway::{BusPassingEvents, ProfileChanges};
use crate::stores::Kept;
use crate::{ChatSettings, SettingsError, meta};

/// What all chat nodes are to JetStream: each event goes to one of them, as they share a store.
const PROFILES_CONSUMER: &str = "chat_profiles";

/// What the service is made from.
pub struct Parts<'a> {
    /// Where things are kept, and what connects the nodes.
    pub engines: &'a Engines,
    /// The configuration.
    pub settings: ChatSettings,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
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
    meta: Arc<Meta>,
    check: Arc<dyn ReadyCheck>,
}

impl ChatService {
    /// Opens the stores, makes the default rooms, starts the threads. An embedded store is made where it is missing.
    pub async fn build(parts: Parts<'_>) -> Result<Self, StartError> {
        let rules = parts.settings.rules(parts.limits_enabled)?;
        let settings = parts.settings.live(parts.limits_enabled);
        let bus = &parts.engines.bus;
        let stores = &parts.engines.stores;
        let kept = Kept::open(stores, Arc::clone(bus), parts.limits_enabled, &parts.settings).await?;
        let ports = Ports {
            log: kept.log,
            rooms: kept.rooms,
            people: kept.people,
            profiles: parts.profiles,
            tickets: kept.tickets,
            passing: Arc::new(BusPassingEvents::new(Arc::clone(bus))),
            presence: kept.presence,
            limits: Arc::clone(&kept.limits),
            clock: Arc::clone(&parts.clock),
        };
        let chat = Arc::new(Chat::new(ports, rules));
        chat.prepare_default_rooms().await?;
        let epoch = chat.epoch().await?;
        let meta = Arc::new(meta::meta(chat.rules().max_body_chars, settings.max_frame_bytes));
        let live = Arc::new(Live {
            chat,
            verifier: parts.verifier,
            fanout: Fanout::on(bus),
            clock: parts.clock,
            limits: kept.limits,
            socket_limits: LocalLimiter::new(),
            lifecycle: parts.lifecycle,
            origins: parts.origins,
            epoch,
            settings,
        });
        let service = Self { live, meta, check: kept.check };
        if let Stores::Fleet(fleet) = stores {
            service.hear_of_profiles(JetStream::new(&fleet.nats));
        }
        Ok(service)
    }

    /// Takes this node's share of the changes of profiles, for as long as the process lives.
    fn hear_of_profiles(&self, events: JetStream) {
        let handler = self.profile_changes();
        tokio::spawn(async move { events.consume(PROFILES_CONSUMER, PROFILES_TOPIC, handler).await });
    }

    /// Adds the routes, and the worker's hub: call it once for each worker. Beside them, the application needs
    /// `Data<identity::Verifier>`.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::from(Arc::clone(&self.live)))
            .app_data(Data::from(Arc::clone(&self.live.chat)))
            .app_data(Data::from(Arc::clone(&self.meta)))
            .app_data(Shard::new(Arc::clone(&self.live)))
            .service(web::resource("/v1/meta").get(meta::get_meta));
        chat_handler::configure(config);
    }

    /// What applies the changes of profiles that the auth service tells.
    pub fn profile_changes(&self) -> Arc<dyn EventHandler> {
        Arc::new(ProfileChanges::new(Arc::clone(&self.live.chat)))
    }

    /// Sends every socket away and returns when all are gone. Ends by itself.
    pub async fn drain(&self) {
        self.live.fanout.drain().await;
    }

    /// What the service cannot serve without.
    pub fn ready_check(&self) -> Arc<dyn ReadyCheck> {
        Arc::clone(&self.check)
    }
}
