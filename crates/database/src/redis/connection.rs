//! The one connection to Redis: shared by all who use it, each command under a timeout, refused at once while it is away.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, ScriptInvocation};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::breaker::{Breaker, Held};
use super::fault::{Verdict, judge};
use super::probe::Probe;
use super::{RedisFault, RedisSettings, RedisSettingsError};

/// Commands, pipelines and scripts that may be on their way; one more is refused at once. Redis does this many in some
/// ten milliseconds.
const IN_FLIGHT: usize = 1_024;
/// When a silent connection is asked for a sign of life, and how often; the probe is quicker, this is for the sockets
/// that it has left behind.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// How long bytes may wait to be acknowledged before the system gives the connection up.
const USER_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection to Redis that heals: cheap to clone, and all clones share it.
///
/// While Redis is known to be away, every command fails at once. A task looks every 300 ms, also while nothing is asked,
/// and makes a new connection when it must, so that commands pass again within a second of Redis's return. The task ends
/// when the last clone is dropped. No command is repeated: whoever writes says what a repeat would do.
#[derive(Clone)]
pub struct Redis {
    breaker: Arc<Breaker>,
    in_flight: Arc<Semaphore>,
    prefix: Arc<str>,
    timeout: Duration,
    _probing: Arc<Probing>,
}

/// Ends the task when the last handle goes.
struct Probing(JoinHandle<()>);

impl Drop for Probing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Redis {
    /// Begins to connect, and waits for nothing: Redis may be away. `None` when the settings name no Redis.
    ///
    /// # Panics
    /// Outside a tokio runtime. The connection lives on the runtime that this is called on.
    pub fn start(settings: &RedisSettings) -> Result<Option<Self>, RedisSettingsError> {
        settings.validate()?;
        let Some(client) = settings.client()? else { return Ok(None) };
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))
            .set_user_timeout(USER_TIMEOUT);
        let info = client.get_connection_info().clone().set_tcp_settings(tcp);
        let client = redis::Client::open(info).map_err(|error| RedisSettingsError::BadUrl(error.to_string()))?;
        let breaker = Arc::new(Breaker::open());
        let probe = Probe {
            client,
            breaker: Arc::clone(&breaker),
            timeout: settings.timeout(),
            queue: IN_FLIGHT,
            key: format!("{}:probe", settings.prefix),
        };
        Ok(Some(Self {
            breaker,
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
            prefix: settings.prefix.as_str().into(),
            timeout: settings.timeout(),
            _probing: Arc::new(Probing(tokio::spawn(probe.run()))),
        }))
    }

    /// A key of ours: prefix, `kind` and `name` with colons between them. It has to be used for every key.
    pub fn key(&self, kind: &str, name: impl std::fmt::Display) -> String {
        format!("{}:{kind}:{name}", self.prefix)
    }

    /// Runs one command.
    pub async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisFault> {
        self.guarded(async |mut connection| command.query_async(&mut connection).await).await
    }

    /// Sends commands in one go.
    pub async fn run_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, RedisFault> {
        self.guarded(async |mut connection| commands.query_async(&mut connection).await).await
    }

    /// Runs a script, which takes effect as a whole or not at all. One that Redis does not know is sent to it first.
    pub async fn run_script<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, RedisFault> {
        self.guarded(async |mut connection| script.invoke_async(&mut connection).await).await
    }

    async fn guarded<T>(
        &self,
        work: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, RedisFault> {
        let Some(Held { connection, generation }) = self.breaker.usable() else { return Err(RedisFault::Away) };
        let Ok(_permit) = self.in_flight.try_acquire() else { return Err(RedisFault::Overloaded) };
        match timeout(self.timeout, work(connection)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                match judge(&error) {
                    Verdict::Fine => {}
                    Verdict::Doubtful => self.breaker.doubt(generation),
                    Verdict::Broken => self.breaker.cut(generation),
                }
                Err(RedisFault::Failed(error))
            }
            Err(_) => {
                self.breaker.doubt(generation);
                Err(RedisFault::TimedOut)
            }
        }
    }

    /// Whether commands pass now.
    pub fn is_available(&self) -> bool {
        self.breaker.usable().is_some()
    }

    /// Waits until commands pass.
    pub async fn available(&self) {
        // The sender lives as long as this handle does.
        let _ = self.breaker.watch().wait_for(|passes| *passes).await;
    }

    /// For how long commands have not passed; zero when they do.
    pub fn away_for(&self) -> Duration {
        self.breaker.away_for()
    }

    /// Whether nothing was wrong with this node's connection for this long, up to now: no failure, no timeout, no
    /// reconnect, no start of this node, no time in which it did not look.
    pub fn calm_for(&self, span: Duration) -> bool {
        self.breaker.calm_for(span)
    }

    /// A number that changes with each trouble: what was true before one may not be true after it.
    pub fn troubles(&self) -> u64 {
        self.breaker.troubles()
    }
}
