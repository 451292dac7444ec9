//! Sending a message.

use std::time::Duration;

use chat_entity::{Draft, Message, mentioned_names};
use kernel::{MessageId, Principal, StoreError};
use thiserror::Error;

use crate::Chat;
use crate::port::{Appended, Entry};

/// A message that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// Whether an earlier call made it.
    pub deduplicated: bool,
}

/// Why a message was not sent.
#[derive(Debug, Error)]
pub enum PostMessageError {
    /// There is no such room, or none that the caller may know of.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The caller is not in the room.
    #[error("the caller is not a member of the room")]
    NotAMember,
    /// The room is closed.
    #[error("the room is archived")]
    Archived,
    /// The `client_msg_id` belongs to another message.
    #[error("the client_msg_id was used for another message")]
    ClientMsgIdTaken,
    /// It answers a message that is not there.
    #[error("the message that it answers is not in this room")]
    NoSuchReply,
    /// Too many at once.
    #[error("too many messages")]
    RateLimited {
        /// When the next may come.
        retry_after: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// Sends a message, once, however often it is called with the same `client_msg_id` (I4). When it returns, the
    /// message is durable (I1).
    ///
    /// The message is in line when the future has been polled once: calls that are polled one after the other take
    /// effect in that order (I3). So nothing here may wait before the log does.
    pub async fn post_message(&self, caller: &Principal, draft: Draft) -> Result<Posted, PostMessageError> {
        self.check_rate(self.rules.message_rate.as_ref(), caller.user_id)
            .map_err(|retry_after| PostMessageError::RateLimited { retry_after })?;
        let entry = Entry {
            message_id: MessageId::new(),
            author: caller.user_id,
            named: mentioned_names(draft.body.as_str()),
            draft,
            at: self.ports.clock.now(),
        };
        match self.ports.log.append(entry).await? {
            Appended::Created(message) => Ok(Posted { message: *message, deduplicated: false }),
            Appended::Repeated(message) => Ok(Posted { message: *message, deduplicated: true }),
            Appended::ClientMsgIdTaken => Err(PostMessageError::ClientMsgIdTaken),
            Appended::NoSuchReply => Err(PostMessageError::NoSuchReply),
            Appended::Archived => Err(PostMessageError::Archived),
            Appended::NotAMember => Err(PostMessageError::NotAMember),
            Appended::NoSuchRoom => Err(PostMessageError::NoSuchRoom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, caller, draft};
    use limit::Rule;

    #[tokio::test]
    async fn a_message_over_the_rate_never_reaches_the_log() {
        let mut fixture = Fixture::default();
        fixture.rules.message_rate = Some(Rule::new("messages", 1, Duration::from_secs(3_600)));
        fixture.log.expect_append().times(1).returning(|_| Ok(Appended::Archived));
        let chat = fixture.chat();
        let caller = caller();
        assert!(matches!(chat.post_message(&caller, draft("one")).await, Err(PostMessageError::Archived)));
        let refused = chat.post_message(&caller, draft("two")).await;
        assert!(matches!(refused, Err(PostMessageError::RateLimited { retry_after }) if !retry_after.is_zero()));
    }

    #[tokio::test]
    async fn an_unknown_outcome_is_said_to_be_unknown() {
        let mut fixture = Fixture::default();
        fixture.log.expect_append().returning(|_| Err(StoreError::Unknown("lost".into())));
        let failed = fixture.chat().post_message(&caller(), draft("hello")).await;
        assert!(matches!(failed, Err(PostMessageError::Store(StoreError::Unknown(_)))), "{failed:?}");
    }

    #[tokio::test]
    async fn the_names_in_a_text_go_with_it() {
        let mut fixture = Fixture::default();
        fixture
            .log
            .expect_append()
            .withf(|entry| entry.named == ["bob"])
            .times(1)
            .returning(|_| Ok(Appended::NotAMember));
        let refused = fixture.chat().post_message(&caller(), draft("hi @Bob")).await;
        assert!(matches!(refused, Err(PostMessageError::NotAMember)));
    }
}
