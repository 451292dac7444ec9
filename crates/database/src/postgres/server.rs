//! A server and how it is reached: a connection that is opened here has a bound on everything that it may wait for.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Connect};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::{PostgresSettings, SettingsError};
use super::tls;

/// One connection, with the statements that it has prepared. Dropping it closes it at once, whatever it is doing.
pub type Connection = ClientWrapper;

/// A change that waits for a lock gives up before the statement as a whole does, so that the reason is told.
const LOCK_SHARE: f64 = 0.8;
/// What a server may need beyond its own timeout to say that it is over.
const GRACE: Duration = Duration::from_millis(500);
/// How long a connection is silent before it is asked for a sign of life, and how often and when it is asked again.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(3);
const KEEPALIVE_RETRIES: u32 = 3;

/// Where a database is, and the bounds of connections to it.
#[derive(Clone)]
pub struct Server {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    connect_timeout: Duration,
    answer_timeout: Duration,
}

/// Its address would tell the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

impl Server {
    /// The server of a URL. `variable` is where the URL comes from, for messages; `application` is what the server shows
    /// in its list of connections. A server that `writes` is only one that takes changes, of those that a URL names.
    pub(super) fn new(
        settings: &PostgresSettings,
        (variable, url): (&'static str, &str),
        application: &str,
        writes: bool,
    ) -> Result<Self, SettingsError> {
        // What the parser says of a wrong URL can have parts of the password in it.
        let mut config: Config = url.parse().map_err(|_| SettingsError::Url { variable })?;
        if config.get_hosts().is_empty() {
            return Err(SettingsError::Url { variable });
        }
        let statement_timeout = Duration::from_millis(settings.statement_timeout_ms);
        let answer_timeout = statement_timeout + GRACE;
        let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
        let tls = match config.get_ssl_mode() {
            SslMode::Disable | SslMode::Prefer => None,
            _ => {
                let authorities = settings.ca_file.as_deref();
                Some(tls::connector(authorities).map_err(|cause| SettingsError::Authorities { cause })?)
            }
        };
        // What the URL says comes last and wins.
        let options = format!(
            "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={} {}",
            statement_timeout.as_millis(),
            statement_timeout.mul_f64(LOCK_SHARE).as_millis(),
            answer_timeout.as_millis(),
            config.get_options().unwrap_or_default(),
        );
        config
            .options(options.trim_end())
            .application_name(application)
            .connect_timeout(connect_timeout)
            .tcp_user_timeout(answer_timeout)
            .keepalives(true)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES);
        if writes {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(Self { config, tls, connect_timeout, answer_timeout })
    }

    /// The same server, whose connections have further settings: `-c name=value …`. What the URL says wins.
    #[must_use]
    pub fn with_options(mut self, options: &str) -> Self {
        let others = self.config.get_options().unwrap_or_default();
        let all = format!("{options} {others}");
        self.config.options(all.trim_end());
        self
    }

    /// Opens a connection. The driver bounds the TCP handshake only, so the caller bounds the whole by
    /// [`connect_timeout`](Self::connect_timeout).
    pub async fn connect(&self) -> Result<Connection, Error> {
        let (client, task) = self.open(&self.config).await?;
        Ok(ClientWrapper::new(client, task))
    }

    async fn open(&self, config: &Config) -> Result<(Client, JoinHandle<()>), Error> {
        match &self.tls {
            Some(tls) => open(config, tls.clone()).await,
            None => open(config, NoTls).await,
        }
    }

    /// The configuration of the driver, for a pool.
    pub(super) fn driver(&self) -> Config {
        self.config.clone()
    }

    /// How long opening a connection may take.
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// How long an answer may take: a little more than the server gives itself for a statement.
    pub fn answer_timeout(&self) -> Duration {
        self.answer_timeout
    }
}

async fn open<T>(config: &Config, tls: T) -> Result<(Client, JoinHandle<()>), Error>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await?;
    // Who waits for an answer hears of the connection's end as well; a log line for each would say it twice.
    let task = tokio::spawn(connection.map(|ended| {
        if let Err(cause) = ended {
            tracing::debug!(%cause, "a connection to PostgreSQL ended");
        }
    }));
    Ok((client, task))
}

impl Connect for Server {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let config = config.clone();
        async move { self.open(&config).await }.boxed()
    }
}
