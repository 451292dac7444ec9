//! Bytes from whoever publishes to whoever subscribed, between the parts of a process or of a fleet.
//!
//! What travels here is a hint: it may be lost, and the store is what is true. What must not be lost between services
//! goes through [`durable`].

pub mod durable;
mod local;
mod nats;
mod settings;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

pub use local::LocalBus;
pub use nats::{Nats, NatsBus};
pub use settings::{NatsSettings, SettingsError};

/// Which nodes hear a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Channel {
    /// All of them.
    Everyone,
    /// Those that [listen](Bus::listen) to this thing.
    Of {
        /// What kind of thing: one word of letters.
        kind: &'static str,
        /// Which one.
        id: Uuid,
    },
}

/// A message and where it goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Which nodes hear it.
    pub channel: Channel,
    /// What they hear.
    pub payload: Bytes,
}

/// Takes the messages of a subscription, in the order in which one publisher sent those of one channel. It MUST NOT
/// block.
pub type Handler = Box<dyn Fn(&[Message]) + Send + Sync>;

/// Publishes and subscribes by topic, which says what kind of message it is, and by channel, which says who cares.
///
/// Publishing MUST NOT block and may lose; a message that is delivered is delivered whole, and those of one publisher
/// on one topic and channel in order. The subscribers of the publishing process itself are called on the publisher's
/// thread, and hear a message once.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends messages on a topic, one word of letters.
    fn publish(&self, topic: &'static str, messages: &[Message]);

    /// Says that subscribers of this process are done with what was published until now. It is a hint, and costs next to nothing.
    fn delivered(&self);

    /// Calls `handler` for each batch of messages that arrives on a topic, until the bus ends.
    fn subscribe(&self, topic: &'static str, handler: Handler);

    /// From about now on this process hears what other processes publish on a channel.
    fn listen(&self, channel: Channel);

    /// From about now on it does not.
    fn ignore(&self, channel: Channel);

    /// Returns when every [`listen`](Self::listen) that was called before is in effect; at once while the bus is away.
    async fn settled(&self);

    /// Calls `handler` whenever messages may have been lost: the link broke, or this process read too slowly.
    fn on_trouble(&self, handler: Box<dyn Fn() + Send + Sync>);
}
