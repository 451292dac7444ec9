//! The server that is nothing but auth: a node of a fleet.

use std::net::SocketAddr;
use std::sync::Arc;

use bus::durable::JetStream;
use identity::Verifier;
use kernel::{Clock, SystemClock};
use migrate::Service;
use process::{
    Base, BindError, ConfigurationError, Engines, EnginesError, Listening, Serving, Variables, required, without_empty,
};
use thiserror::Error;
use web::Lifecycle;

use crate::{AuthService, AuthSettings, Parts, StartError};

/// Everything that can be configured, judged.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What every program reads.
    pub base: Base,
    /// The service.
    pub auth: AuthSettings,
}

impl Configuration {
    /// Reads and judges the variables. An empty one counts as absent.
    pub fn from_vars(variables: Variables) -> Result<Self, ConfigurationError> {
        let set = without_empty(variables, &[]);
        let base = Base::from_vars(&set)?;
        base.must_be_fleet("the auth service alone")?;
        let auth = AuthSettings::from_vars(set).map_err(ConfigurationError::part)?;
        auth.must_have_keys()?;
        required(base.process.service_key_file.as_ref(), "SERVICE_KEY_FILE", "the chat nodes ask this one with it")?;
        Ok(Self { base, auth })
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
    auth: AuthService,
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
        let service_key = base.service_key()?;
        let (engines, fleet) = Engines::open_fleet(base, "natter auth").await?;
        let listening = process::bind(base.http.addr)?;
        engines.await_schema(&listening, &[Service::Auth], base.process.migrate_on_start).await?;
        let auth = AuthService::build(Parts {
            engines: &engines,
            settings: configuration.auth.clone(),
            expected: base.expected(),
            clock: Arc::clone(&clock),
            limits_enabled: base.limits_enabled(),
            service_key,
        })
        .await?;
        auth.relay_events(Arc::new(JetStream::new(&fleet.nats)));
        let verifier = Arc::new(Verifier::new(auth.key_source(), auth.live_session_check(), clock, auth.expected()));
        Ok(Self { auth, verifier, lifecycle: Lifecycle::default(), listening, configuration })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.listening.addr
    }

    /// Serves until `stop` resolves, then answers what is in flight and returns. Must run in an actix system.
    pub async fn run(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let Self { auth, verifier, lifecycle, listening, configuration } = self;
        let document = process::openapi::document([crate::openapi()]);
        let mut serving = Serving::new(&configuration.base, listening, lifecycle, verifier, document);
        serving.checks = vec![auth.ready_check()];
        process::serve(serving, move |config| auth.configure(config), stop, async {}).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLEET: [(&str, &str); 6] = [
        ("POSTGRES_URL", "postgres://natter@localhost/natter"),
        ("REDIS_URL", "redis://localhost"),
        ("NATS_URL", "nats://localhost"),
        ("AUTH_SIGNING_KEY_FILE", "/a"),
        ("AUTH_REFRESH_KEY_FILE", "/b"),
        ("SERVICE_KEY_FILE", "/c"),
    ];

    #[test]
    fn a_node_that_is_auth_alone_needs_the_engines_and_the_fleets_keys() {
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
