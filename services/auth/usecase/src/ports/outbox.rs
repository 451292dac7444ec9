//! What other services must not miss, from the change that it tells of until it is sent.

use async_trait::async_trait;
use kernel::StoreError;
use uuid::Uuid;

/// A message to other services.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// By which a repeat is told from another message.
    pub id: Uuid,
    /// What it is about.
    pub topic: String,
    /// What it says, as JSON.
    pub payload: String,
}

/// A message that has not been sent, as far as the store knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Its place in the outbox.
    pub place: i64,
    /// The message.
    pub message: Message,
}

/// The messages that wait to be sent. They come in by changes of other stores, each in one transaction with its change:
/// see [`Users::replace_profile`](super::Users::replace_profile).
///
/// Every node sends what it finds, and two may send the same message: it is applied as often as it comes, so that no node
/// has to know of another, and none that died has to be waited for. JetStream drops most repeats by the message's id.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// The first `limit` messages that wait, in the order of their places. A message that is committed MUST be among them
    /// until it is [`sent`](Self::sent), also when one with a higher place was committed before it.
    async fn next(&self, limit: u32) -> Result<Vec<Waiting>, StoreError>;

    /// Forgets messages, which others have taken; those that are gone already are none of its business.
    async fn sent(&self, places: &[i64]) -> Result<(), StoreError>;

    /// How many messages wait; it MAY stop counting at `most`.
    async fn waiting(&self, most: u32) -> Result<u32, StoreError>;
}
