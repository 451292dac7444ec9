//! What people say.

use kernel::{MessageId, RoomId, Timestamp, UserId};
use uuid::Uuid;

use crate::{MessageBody, Profile, Seq};

/// The sender's own id for a message: sending it again is the same message, for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClientMsgId(pub Uuid);

/// How a body is to be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// As it is.
    #[default]
    Plain,
    /// As Markdown.
    Markdown,
}

/// A message that somebody wants to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Where to.
    pub room_id: RoomId,
    /// The text.
    pub body: MessageBody,
    /// How to show it.
    pub format: Format,
    /// What makes a repeat recognisable.
    pub client_msg_id: ClientMsgId,
    /// The message that it answers, in the same room.
    pub reply_to: Option<MessageId>,
}

/// A message as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The room.
    pub room_id: RoomId,
    /// Its place in the room's log.
    pub seq: Seq,
    /// Who sent it.
    pub author: Profile,
    /// The text.
    pub body: MessageBody,
    /// How to show it.
    pub format: Format,
    /// The sender's id for it.
    pub client_msg_id: ClientMsgId,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The members that it names.
    pub mentions: Vec<UserId>,
    /// When it was accepted.
    pub created_at: Timestamp,
}

impl Message {
    /// Whether a draft with the same [`ClientMsgId`] says the same, so that it is a repeat and not a mistake.
    pub fn is_what(&self, draft: &Draft) -> bool {
        self.body == draft.body && self.format == draft.format && self.reply_to == draft.reply_to
    }
}
