//! What other services must hear of accounts, in words that they understand.

use auth_entity::User;

use super::{Message, Unexpected};

/// Writes the messages of the [`Outbox`](super::Outbox), and wakes whoever sends them.
#[cfg_attr(test, mockall::automock)]
pub trait AccountEvents: Send + Sync {
    /// The message that tells of a changed profile: what others see of the account, and its version. Each one MUST have an
    /// id of its own.
    fn profile_changed(&self, user: &User) -> Result<Message, Unexpected>;

    /// There is something in the outbox. A hint: it MUST NOT block, and whoever sends looks there now and then anyway.
    fn committed(&self);
}
