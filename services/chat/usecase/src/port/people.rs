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

    /// Notes a newcomer, with the version of their profile, and puts them into the default rooms, with an event in each
    /// log; one atomic change. Whoever is known already MUST be left alone, also in the rooms that they have left since.
    async fn welcome(
        &self,
        profile: Profile,
        version: u64,
        default_rooms: Vec<RoomName>,
        at: Timestamp,
    ) -> Result<Welcomed, StoreError>;

    /// Takes a changed profile over, if `version` is newer than what is kept, and tells whether it did. Repeating it and
    /// calling it in any order MUST end with the newest version. Whoever chat has not met MUST be left unknown.
    async fn update(&self, profile: Profile, version: u64) -> Result<bool, StoreError>;
}
