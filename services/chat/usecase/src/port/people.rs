//! Those whom chat has met.

use async_trait::async_trait;
use chat_entity::{Profile, RoomName};
use kernel::{StoreError, Timestamp, UserId};

/// What became of welcoming somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcomed {
    /// A newcomer, who is in the default rooms now.
    New,
    /// Known before; nothing happened.
    Known,
}

/// Keeps the accounts that chat has met.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait People: Send + Sync {
    /// Somebody whom chat has met.
    async fn find(&self, user: UserId) -> Result<Option<Profile>, StoreError>;

    /// Notes a newcomer and puts them into the default rooms, with an event in each log; one atomic change. Whoever is
    /// known already MUST be left alone, also in the rooms that they have left since.
    async fn welcome(
        &self,
        profile: Profile,
        default_rooms: Vec<RoomName>,
        at: Timestamp,
    ) -> Result<Welcomed, StoreError>;
}
