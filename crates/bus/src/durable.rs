//! Events that must not be lost between services: kept by JetStream until whoever needs them has applied them.
//!
//! The sender keeps an event in a table of its own store, in the very change that it tells of, until [`EventSink::send`]
//! has returned; the receiver applies it as often as it comes, so twice does no harm. JetStream acknowledges before its
//! disk has the event, so nothing here is ever the only copy of something that the store does not know.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use async_nats::jetstream::{self, AckKind};
use async_nats::{HeaderMap, header};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use thiserror::Error;
use uuid::Uuid;

use crate::Nats;

/// How long JetStream may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How long an event may be worked on before it is given to another node.
const APPLY_WITHIN: Duration = Duration::from_secs(30);
/// How long until an event that could not be applied is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How long until a consumer that has ended is started again.
const RESTART_AFTER: Duration = Duration::from_secs(1);
/// Within this time JetStream tells a repeat by its id. A later one is applied twice, which does no harm.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// The event was not taken; send it again.
#[derive(Debug, Error)]
#[error("a durable event was not taken: {0}")]
pub struct NotTaken(pub Box<dyn std::error::Error + Send + Sync>);

/// An event could not be applied; it comes again.
#[derive(Debug, Error)]
#[error("a durable event could not be applied: {0}")]
pub struct NotApplied(pub Box<dyn std::error::Error + Send + Sync>);

/// Takes events that must not be lost.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Takes an event. When this returns `Ok`, it will be applied; sending the same `id` again changes nothing.
    async fn send(&self, topic: &str, id: Uuid, payload: Bytes) -> Result<(), NotTaken>;
}

/// Applies events. It MUST be idempotent, and MUST bear any order.
#[async_trait]
pub trait EventHandler: Send + Sync {
    /// Applies one. What no version of ours could have sent is to be logged and let go with `Ok`: it will not get better.
    async fn apply(&self, payload: Bytes) -> Result<(), NotApplied>;
}

/// The sink of a single process: whoever applies the events is next door.
pub struct Direct(pub Arc<dyn EventHandler>);

#[async_trait]
impl EventSink for Direct {
    async fn send(&self, _: &str, _: Uuid, payload: Bytes) -> Result<(), NotTaken> {
        self.0.apply(payload).await.map_err(|error| NotTaken(error.0))
    }
}

/// The sink of a fleet.
pub struct JetStream {
    context: jetstream::Context,
    prefix: String,
    config: Config,
}

impl JetStream {
    /// On this connection. The stream is made when it is first needed.
    pub fn new(nats: &Nats) -> Self {
        let settings = &nats.settings;
        let mut context = jetstream::new(nats.client.clone());
        context.set_timeout(ANSWER_WITHIN);
        let config = Config {
            name: format!("{}_durable", settings.prefix),
            description: Some("What Natter's services must not miss from each other".to_owned()),
            subjects: vec![format!("{}.durable.>", settings.prefix)],
            max_age: Duration::from_secs(u64::from(settings.stream_max_days) * 24 * 60 * 60),
            max_bytes: i64::from(settings.stream_max_mib) * 1024 * 1024,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            num_replicas: settings.stream_replicas,
            duplicate_window: DUPLICATE_WINDOW,
            ..Config::default()
        };
        Self { context, prefix: settings.prefix.clone(), config }
    }

    fn subject(&self, topic: &str) -> String {
        format!("{}.durable.{topic}", self.prefix)
    }

    /// Makes the stream, or brings its limits in line with the settings.
    async fn ensure_stream(&self) -> Result<(), Unexpected> {
        self.context.create_or_update_stream(self.config.clone()).await?;
        Ok(())
    }

    /// Applies the events of a topic, for ever. All who use the same `name` share the events: each goes to one of them,
    /// and to another one if it is not applied.
    pub async fn consume(&self, name: &str, topic: &str, handler: Arc<dyn EventHandler>) {
        let mut told = String::new();
        loop {
            if let Err(error) = self.consume_until_trouble(name, topic, &*handler).await {
                // A full disk, for one, is nothing that passes by itself. Said once, and again when it is another trouble.
                let trouble = error.to_string();
                if trouble != told {
                    tracing::warn!(error = trouble, name, "durable events wait");
                    told = trouble;
                }
            }
            tokio::time::sleep(RESTART_AFTER).await;
        }
    }

    async fn consume_until_trouble(
        &self,
        name: &str,
        topic: &str,
        handler: &dyn EventHandler,
    ) -> Result<(), Unexpected> {
        self.ensure_stream().await?;
        let config = pull::Config {
            durable_name: Some(name.to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: APPLY_WITHIN,
            filter_subject: self.subject(topic),
            ..pull::Config::default()
        };
        let consumer: Consumer<pull::Config> =
            self.context.create_consumer_on_stream(config, self.config.name.clone()).await?;
        let mut events = consumer.messages().await?;
        while let Some(event) = events.next().await {
            let event = event?;
            match handler.apply(event.payload.clone()).await {
                Ok(()) => event.ack().await?,
                Err(error) => {
                    tracing::warn!(%error, name, "a durable event comes again");
                    event.ack_with(AckKind::Nak(Some(RETRY_AFTER))).await?;
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl EventSink for JetStream {
    async fn send(&self, topic: &str, id: Uuid, payload: Bytes) -> Result<(), NotTaken> {
        let not_taken = |error: Unexpected| NotTaken(error);
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, id.to_string().as_str());
        let publish = async {
            let subject = self.subject(topic);
            let taken = self.context.publish_with_headers(subject.clone(), headers.clone(), payload.clone()).await?;
            let Err(first) = taken.await else { return Ok(()) };
            // Most likely nobody has made the stream yet.
            tracing::debug!(error = %first, "a durable event was not taken at first");
            self.ensure_stream().await?;
            self.context.publish_with_headers(subject, headers, payload).await?.await?;
            Ok::<_, Unexpected>(())
        };
        match tokio::time::timeout(ANSWER_WITHIN * 3, publish).await {
            Ok(taken) => taken.map_err(not_taken),
            Err(elapsed) => Err(not_taken(elapsed.into())),
        }
    }
}

type Unexpected = Box<dyn std::error::Error + Send + Sync>;
