//! Accounts for the chat service, asked of the auth service next door.

use std::sync::Arc;

use async_trait::async_trait;
use auth_usecase::Auth;
use chat_entity::Profile;
use chat_usecase::port::{ProfileError, Profiles, VersionedProfile};
use kernel::UserId;

/// Asks the auth service in the same process. Its store bounds the time.
pub(crate) struct LocalProfiles {
    auth: Arc<Auth>,
}

impl LocalProfiles {
    pub(crate) fn new(auth: Arc<Auth>) -> Self {
        Self { auth }
    }
}

#[async_trait]
impl Profiles for LocalProfiles {
    async fn profile(&self, user: UserId) -> Result<Option<VersionedProfile>, ProfileError> {
        let found = self.auth.get_user(user).await.map_err(|error| ProfileError(error.to_string()))?;
        Ok(found.map(|user| VersionedProfile {
            profile: Profile {
                id: user.id,
                username: user.username.as_str().to_owned(),
                display_name: user.display_name.as_str().to_owned(),
                avatar_url: user.avatar_url.map(|url| url.as_str().to_owned()),
            },
            version: user.profile_version,
        }))
    }
}
