//! Both services, put together.

use std::net::SocketAddr;
use std::sync::Arc;

use auth_server::AuthService;
use bus::durable::Direct;
use chat_server::ChatService;
use identity::Verifier;
use kernel::{Clock, SystemClock};
use migrate::Service;
use process::{BindError, ConfigurationError, Engines, EnginesError, Listening, Serving, Stores, openapi};
use thiserror::Error;
use web::Lifecycle;

use crate::Configuration;
use crate::gateway::LocalProfiles;

/// Why the server could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The engines cannot be used.
    #[error(transparent)]
    Engines(#[from] EnginesError),
    /// The auth service could not start.
    #[error(transparent)]
    Auth(#[from] auth_server::StartError),
    /// The chat service could not start.
    #[error(transparent)]
    Chat(#[from] chat_server::StartError),
    /// The address cannot be used.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The address cannot be served.
    #[error(transparent)]
    Serve(#[from] std::io::Error),
}

/// A server that is bound and ready to run.
pub struct Natter {
    engines: Engines,
    auth: AuthService,
    chat: ChatService,
    verifier: Arc<Verifier>,
    lifecycle: Lifecycle,
    listening: Listening,
    configuration: Configuration,
}

impl Natter {
    /// Makes all parts and binds the address; port 0 takes a free one. In a fleet it waits for PostgreSQL and its schema.
    pub async fn build(configuration: Configuration) -> Result<Self, StartError> {
        Self::build_with_clock(configuration, Arc::new(SystemClock)).await
    }

    /// The same with another clock, for tests.
    pub async fn build_with_clock(configuration: Configuration, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let engines = Engines::open(&configuration.base, "natter").await?;
        Self::build_on(engines, configuration, clock).await
    }

    /// The same on engines that were opened already, for tests.
    pub async fn build_on(
        engines: Engines,
        configuration: Configuration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let base = &configuration.base;
        let service_key = base.service_key()?;
        let listening = process::bind(base.http.addr)?;
        engines.await_schema(&listening, &[Service::Auth, Service::Chat], base.process.migrate_on_start).await?;
        let limits_enabled = base.limits_enabled();
        let auth = AuthService::build(auth_server::Parts {
            engines: &engines,
            settings: configuration.auth.clone(),
            expected: base.expected(),
            clock: Arc::clone(&clock),
            limits_enabled,
            service_key,
        })
        .await?;
        let verifier =
            Arc::new(Verifier::new(auth.key_source(), auth.live_session_check(), Arc::clone(&clock), auth.expected()));
        let lifecycle = Lifecycle::default();
        let chat = ChatService::build(chat_server::Parts {
            engines: &engines,
            settings: configuration.chat.clone(),
            clock,
            verifier: Arc::clone(&verifier),
            profiles: Arc::new(LocalProfiles::new(auth.auth())),
            lifecycle: lifecycle.clone(),
            origins: base.allowed_origins.clone(),
            limits_enabled,
        })
        .await?;
        // In one process the events come straight from the outbox; in a fleet every node takes its share from JetStream.
        match &engines.stores {
            Stores::Embedded(_) => auth.relay_events(Arc::new(Direct(chat.profile_changes()))),
            Stores::Fleet(fleet) => auth.relay_events(Arc::new(bus::durable::JetStream::new(&fleet.nats))),
        }
        Ok(Self { engines, auth, chat, verifier, lifecycle, listening, configuration })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.listening.addr
    }

    /// Where its data is, in words.
    pub fn data(&self) -> String {
        match &self.engines.stores {
            Stores::Embedded(data_dir) => data_dir.path().display().to_string(),
            Stores::Fleet(_) => "PostgreSQL, Redis and NATS".to_owned(),
        }
    }

    /// Serves until `stop` resolves, then drains and returns. Must run in an actix system.
    pub async fn run(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let Self { engines, auth, chat, verifier, lifecycle, listening, configuration } = self;
        let document = openapi::document([auth_server::openapi(), chat_server::openapi()]);
        let mut serving = Serving::new(&configuration.base, listening, lifecycle, verifier, document);
        serving.checks = vec![auth.ready_check(), chat.ready_check()];
        let served = chat.clone();
        let routes = move |config: &mut actix_web::web::ServiceConfig| {
            auth.configure(config);
            served.configure(config);
        };
        let done = process::serve(serving, routes, stop, chat.drain()).await;
        // The data directory is held until nothing uses it any more.
        drop(engines);
        done
    }
}
