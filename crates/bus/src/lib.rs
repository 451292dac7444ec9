//! Bytes from whoever publishes to whoever subscribed, between the parts of a process or of a fleet.
//!
//! What travels here is a hint: it may be lost, and the store is what is true.

mod local;

use bytes::Bytes;

pub use local::LocalBus;

/// Takes the messages of a subscription, in the order in which one publisher sent them. It MUST NOT block.
pub type Handler = Box<dyn Fn(&[Bytes]) + Send + Sync>;

/// Publishes and subscribes by topic.
///
/// Publishing MUST NOT block and may lose; a message that is delivered is delivered whole, and those of one
/// publisher on one topic in order.
pub trait Bus: Send + Sync {
    /// Sends messages on a topic.
    fn publish(&self, topic: &'static str, messages: &[Bytes]);

    /// Calls `handler` for each batch of messages that arrives on a topic, until the bus ends.
    fn subscribe(&self, topic: &'static str, handler: Handler);
}
