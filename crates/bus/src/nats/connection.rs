//! One connection to NATS, which comes back by itself.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, ServerAddr};

use super::trouble::Trouble;
use crate::NatsSettings;

/// How often the link is tested. The library gives up after two tests without an answer, and its own default of a
/// minute would leave a dead link unnoticed for two.
const PING_EVERY: Duration = Duration::from_secs(2);
/// How long an attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Messages of one subscription that may wait to be read; beyond that they are dropped, and the store is asked.
const SUBSCRIPTION_QUEUE: usize = 4_096;

/// A connection to NATS. While NATS is away it tries again, about once a second, for ever.
#[derive(Clone)]
pub struct Nats {
    pub(crate) client: Client,
    pub(crate) trouble: Arc<Trouble>,
    pub(crate) settings: Arc<NatsSettings>,
}

impl Nats {
    /// Begins to connect and returns at once, whether NATS is there or not. `name` is what its operator sees.
    ///
    /// # Errors
    /// When the address or the credentials file cannot be used.
    pub async fn connect(settings: NatsSettings, name: &str) -> io::Result<Self> {
        let trouble = Arc::<Trouble>::default();
        let hears = Arc::clone(&trouble);
        let mut options = ConnectOptions::new()
            .name(name)
            .no_echo()
            .ping_interval(PING_EVERY)
            .connection_timeout(CONNECT_WITHIN)
            .subscription_capacity(SUBSCRIPTION_QUEUE)
            .reconnect_delay_callback(|attempt| {
                Duration::from_millis(50 * u64::try_from(attempt).unwrap_or(u64::MAX).min(20)).min(LONGEST_PAUSE)
            })
            .max_reconnects(None)
            .retry_on_initial_connect()
            .event_callback(move |event| {
                note(&event, &hears);
                async {}
            });
        if let Some(path) = &settings.credentials_file {
            options = options.credentials(&std::fs::read_to_string(path)?)?;
        }
        let urls = settings.url.as_deref().unwrap_or_default();
        let addresses: Vec<ServerAddr> = urls.split(',').map(|url| url.trim().parse()).collect::<io::Result<_>>()?;
        // The library takes a name and a password from its options only.
        if let Some(named) = addresses.iter().find(|address| address.has_user_pass()) {
            let plain = |text: Option<&str>| decoded(text.unwrap_or_default());
            options = options.user_and_password(plain(named.username()), plain(named.password()));
        }
        let client = options.connect(addresses).await.map_err(io::Error::other)?;
        Ok(Self { client, trouble, settings: Arc::new(settings) })
    }

    /// Whether the link is up, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}

/// A part of a URL as it was before characters such as `@` were written as `%40`.
fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn note(event: &Event, trouble: &Trouble) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("NATS is away; the store is asked instead"),
        Event::SlowConsumer(_) => tracing::warn!("messages from NATS were dropped: this node reads too slowly"),
        Event::ServerError(error) => tracing::warn!(%error, "NATS complains"),
        Event::ClientError(error) => tracing::warn!(%error, "the NATS client complains"),
        Event::LameDuckMode | Event::Draining | Event::Closed => tracing::info!(%event, "NATS"),
    }
    match event {
        // At the first connection there is nothing that could have been missed, and asking the store costs little.
        Event::Connected | Event::Disconnected | Event::SlowConsumer(_) => trouble.tell(),
        Event::LameDuckMode | Event::Draining | Event::Closed | Event::ServerError(_) | Event::ClientError(_) => {}
    }
}
