//! What the owner of a connection asks of the task that drives it.

use contract::frames::MessageSent;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::NewMessage;
use crate::Error;

/// Where the reply to a request goes.
pub(super) type Answer = oneshot::Sender<Result<Box<RawValue>, Error>>;

/// A message that waits to be acknowledged.
pub(super) struct Waiting {
    pub(super) message: NewMessage,
    pub(super) done: oneshot::Sender<Result<MessageSent, Error>>,
    /// Its place among those that may wait.
    pub(super) _permit: OwnedSemaphorePermit,
}

pub(super) enum Command {
    Send(Box<Waiting>),
    Request {
        kind: String,
        data: Value,
        answer: Answer,
    },
    /// Says when the connection is gone.
    Close(oneshot::Sender<()>),
}
