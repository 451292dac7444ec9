//! Changed profiles, as the auth service tells them, into the store of those whom chat has met.

use std::sync::Arc;

use async_trait::async_trait;
use bus::durable::{EventHandler, NotApplied};
use bytes::Bytes;
use chat_entity::Profile;
use chat_usecase::Chat;
use chat_usecase::port::VersionedProfile;
use contract::events::ProfileChanged;

/// Applies events of the topic [`PROFILES_TOPIC`](contract::events::PROFILES_TOPIC).
pub struct ProfileChanges {
    chat: Arc<Chat>,
}

impl ProfileChanges {
    /// Into this chat.
    pub fn new(chat: Arc<Chat>) -> Self {
        Self { chat }
    }
}

#[async_trait]
impl EventHandler for ProfileChanges {
    async fn apply(&self, payload: Bytes) -> Result<(), NotApplied> {
        match read(&payload) {
            Ok(changed) => match self.chat.apply_profile(changed).await {
                Ok(_) => Ok(()),
                Err(error) => Err(NotApplied(error.into())),
            },
            Err(error) => {
                tracing::error!(%error, bytes = payload.len(), "a changed profile could not be read and is let go");
                Ok(())
            }
        }
    }
}

fn read(payload: &[u8]) -> serde_json::Result<VersionedProfile> {
    let ProfileChanged { user_id: id, version, username, display_name, avatar_url } = serde_json::from_slice(payload)?;
    Ok(VersionedProfile { profile: Profile { id, username, display_name, avatar_url }, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_auth_writes_is_read_and_what_a_later_version_adds_is_let_be() {
        let id = kernel::UserId::new();
        let told = serde_json::json!({
            "user_id": id, "version": 7, "username": "ann", "display_name": "Ann", "avatar_url": null, "mood": "new",
        });
        let profile = Profile { id, username: "ann".to_owned(), display_name: "Ann".to_owned(), avatar_url: None };
        let read_back = read(told.to_string().as_bytes()).unwrap();
        assert_eq!(read_back, VersionedProfile { profile, version: 7 });
        for broken in ["", "{}", r#"{"user_id":"x"}"#] {
            assert!(read(broken.as_bytes()).is_err());
        }
    }
}
