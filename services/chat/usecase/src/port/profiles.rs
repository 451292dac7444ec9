//! Accounts, as the auth service knows them.

use async_trait::async_trait;
use chat_entity::Profile;
use kernel::UserId;
use thiserror::Error;

/// An account as others see it, and which version of it that is: the number grows with each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedProfile {
    /// The account.
    pub profile: Profile,
    /// Its version.
    pub version: u64,
}

/// The auth service could not say.
#[derive(Debug, Error)]
#[error("profiles are unavailable: {0}")]
pub struct ProfileError(pub String);

/// Asks for accounts that chat has not met.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Profiles: Send + Sync {
    /// The account as it is now, or `None` when there is none. It MUST be bounded in time.
    async fn profile(&self, user: UserId) -> Result<Option<VersionedProfile>, ProfileError>;
}
