//! What others must hear of accounts, in the words of the contract, and the bell that tells the relay of it.

use auth_entity::{AvatarUrl, User};
use auth_usecase::ports::{AccountEvents, Message, Unexpected};
use contract::events::{PROFILES_TOPIC, ProfileChanged};
use tokio::sync::watch;
use uuid::Uuid;

/// Writes messages for the outbox, and rings when one is there.
pub struct OutboxEvents {
    bell: watch::Sender<()>,
}

/// Hears the bell. It also hears when nobody is left who could ring: that is the end of the service.
#[derive(Clone)]
pub struct Bell(pub(super) watch::Receiver<()>);

impl OutboxEvents {
    /// With a bell of its own.
    #[allow(clippy::new_without_default, reason = "two by accident would ring different bells")]
    pub fn new() -> Self {
        Self { bell: watch::Sender::new(()) }
    }

    /// For the [relay](super::OutboxRelay) of the same outbox.
    pub fn bell(&self) -> Bell {
        Bell(self.bell.subscribe())
    }
}

impl AccountEvents for OutboxEvents {
    fn profile_changed(&self, user: &User) -> Result<Message, Unexpected> {
        let event = ProfileChanged {
            user_id: user.id,
            version: user.profile_version,
            username: user.username.as_str().to_owned(),
            display_name: user.display_name.as_str().to_owned(),
            avatar_url: user.avatar_url.as_ref().map(|url| AvatarUrl::as_str(url).to_owned()),
        };
        let payload = serde_json::to_string(&event)?;
        Ok(Message { id: Uuid::now_v7(), topic: PROFILES_TOPIC.to_owned(), payload })
    }

    fn committed(&self) {
        self.bell.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_entity::{Email, Username};
    use kernel::Timestamp;

    #[test]
    fn a_message_says_what_others_see_and_nothing_else() {
        let email = Email::parse("ann@example.org").unwrap();
        let mut user = User::new(Username::parse("ann").unwrap(), email, None, Timestamp::from_millis(0));
        user.avatar_url = AvatarUrl::parse("https://example.org/a.png").ok();
        let events = OutboxEvents::new();
        let (message, again) = (events.profile_changed(&user).unwrap(), events.profile_changed(&user).unwrap());
        assert_ne!(message.id, again.id);
        assert_eq!((message.topic.as_str(), &message.payload), (PROFILES_TOPIC, &again.payload));
        let told: serde_json::Value = serde_json::from_str(&message.payload).unwrap();
        let wanted = serde_json::json!({
            "user_id": user.id, "version": 1, "username": "ann", "display_name": "ann",
            "avatar_url": "https://example.org/a.png",
        });
        assert_eq!(told, wanted);
    }
}
