//! The server that is nothing but chat: a node of a fleet.

use std::net::SocketAddr;
use std::sync::Arc;

use identity::Verifier;
use kernel::{Clock, SystemClock};
use migrate::Service;
use process::{
    Base, BindError, ConfigurationError, Engines, EnginesError, Listening, Serving, Variables, required, without_empty,
};
use thiserror::Error;
use web::Lifecycle;

use crate::gateway::{AuthClient, AuthClientError, RemoteKeys, RemoteProfiles, SharedLiveSessions};
use crate::settings::AuthAddress;
use crate::{ChatService, ChatSettings, DEFAULT_ROOMS, Parts, StartError};

/// Everything that can be configured, judged.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What every program reads.
    pub base: Base,
    /// The service.
    pub chat: ChatSettings,
    /// Where the auth service is.
    pub auth: AuthAddress,
}

impl Configuration {
    /// Reads and judges the variables. An empty one counts as absent, but for the one that means something then.
    pub fn from_vars(variables: Variables) -> Result<Self, ConfigurationError> {
        let set = without_empty(variables, &[DEFAULT_ROOMS]);
        let base = Base::from_vars(&set)?;
        base.must_be_fleet("the chat service alone")?;
        let auth: AuthAddress = process::read("AUTH_", &set)?;
        required(auth.url.as_ref(), "AUTH_URL", "the keys of tokens and the accounts are asked for there")?;
        required(base.process.service_key_file.as_ref(), "SERVICE_KEY_FILE", "the auth nodes are asked with it")?;
        Ok(Self { base, auth, chat: ChatSettings::from_vars(set).map_err(ConfigurationError::part)? })
    }
}

/// Why the server could not start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The engines cannot be used.
    #[error(transparent)]
    Engines(#[from] EnginesError),
    /// The auth service cannot be asked.
    #[error(transparent)]
    Auth(#[from] AuthClientError),
    /// The service could not start.
    #[error(transparent)]
    Service(#[from] StartError),
    /// The address cannot be used.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The address cannot be served.
    #[error(transparent)]
    Serve(#[from] std::io::Error),
}

/// A server that is bound and ready to run.
pub struct Server {
    chat: ChatService,
    verifier: Arc<Verifier>,
    lifecycle: Lifecycle,
    listening: Listening,
    configuration: Configuration,
}

impl Server {
    /// Makes all parts and binds the address; port 0 takes a free one. It waits for PostgreSQL and its schema.
    pub async fn build(configuration: Configuration) -> Result<Self, ServerError> {
        Self::build_with_clock(configuration, Arc::new(SystemClock)).await
    }

    /// The same with another clock, for tests.
    pub async fn build_with_clock(configuration: Configuration, clock: Arc<dyn Clock>) -> Result<Self, ServerError> {
        let base = &configuration.base;
        let (engines, fleet) = Engines::open_fleet(base, "natter chat").await?;
        let url = configuration.auth.url.as_deref().unwrap_or_default();
        let auth = AuthClient::new(url, base.service_key()?.unwrap_or_default())?;
        let listening = process::bind(base.http.addr)?;
        engines.await_schema(&listening, &[Service::Chat], base.process.migrate_on_start).await?;
        let sessions = Arc::new(SharedLiveSessions::new(fleet.redis.clone(), auth.clone(), Arc::clone(&clock)));
        sessions.hear(&*engines.bus);
        let keys = RemoteKeys::start(auth.clone(), Arc::clone(&clock));
        let verifier = Arc::new(Verifier::new(keys, sessions, Arc::clone(&clock), base.expected()));
        let lifecycle = Lifecycle::default();
        let chat = ChatService::build(Parts {
            engines: &engines,
            settings: configuration.chat.clone(),
            clock,
            verifier: Arc::clone(&verifier),
            profiles: Arc::new(RemoteProfiles::new(auth)),
            lifecycle: lifecycle.clone(),
            origins: base.allowed_origins.clone(),
            limits_enabled: base.limits_enabled(),
        })
        .await?;
        Ok(Self { chat, verifier, lifecycle, listening, configuration })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.listening.addr
    }

    /// Serves until `stop` resolves, then drains and returns. Must run in an actix system.
    pub async fn run(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let Self { chat, verifier, lifecycle, listening, configuration } = self;
        let document = process::openapi::document([crate::openapi()]);
        let mut serving = Serving::new(&configuration.base, listening, lifecycle, verifier, document);
        serving.checks = vec![chat.ready_check()];
        let served = chat.clone();
        process::serve(serving, move |config| served.configure(config), stop, chat.drain()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLEET: [(&str, &str); 5] = [
        ("POSTGRES_URL", "postgres://natter@localhost/natter"),
        ("REDIS_URL", "redis://localhost"),
        ("NATS_URL", "nats://localhost"),
        ("AUTH_URL", "http://localhost:8081"),
        ("SERVICE_KEY_FILE", "/c"),
    ];

    #[test]
    fn a_node_that_is_chat_alone_needs_the_engines_the_auth_service_and_the_key_to_it() {
        let read = |vars: &[(&str, &str)]| {
            Configuration::from_vars(vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
        };
        assert!(read(&FLEET).is_ok());
        for (missing, _) in &FLEET[3..] {
            let vars: Vec<_> = FLEET.into_iter().filter(|(name, _)| name != missing).collect();
            let error = read(&vars).unwrap_err().to_string();
            assert!(error.contains(missing), "{error}");
        }
        let error = read(&FLEET[3..]).unwrap_err().to_string();
        assert!(error.contains("POSTGRES_URL") && error.contains("natter"), "{error}");
    }
}
