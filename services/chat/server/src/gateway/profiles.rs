//! Accounts that chat has not met, asked of the auth service elsewhere.

use async_trait::async_trait;
use chat_entity::Profile;
use chat_usecase::port::{ProfileError, Profiles, VersionedProfile};
use kernel::UserId;

use super::AuthClient;

/// Asks the auth service by HTTP. The client bounds the time.
pub struct RemoteProfiles {
    auth: AuthClient,
}

impl RemoteProfiles {
    /// By this client.
    pub fn new(auth: AuthClient) -> Self {
        Self { auth }
    }
}

#[async_trait]
impl Profiles for RemoteProfiles {
    async fn profile(&self, user: UserId) -> Result<Option<VersionedProfile>, ProfileError> {
        let found = self.auth.profile(user).await.map_err(|error| ProfileError(error.to_string()))?;
        Ok(found.map(|found| VersionedProfile {
            profile: Profile {
                id: found.user_id,
                username: found.username,
                display_name: found.display_name,
                avatar_url: found.avatar_url,
            },
            version: found.version,
        }))
    }
}
