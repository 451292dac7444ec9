//! What a room's log is made of on the screen: messages, what happened to the room, and what the client itself says.

use kernel::{MessageId, Timestamp};
use uuid::Uuid;

/// One thing in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// What somebody wrote.
    Message(Message),
    /// What happened to the room: somebody joined, the topic changed.
    Happening {
        /// Its number in the room's log.
        seq: u64,
        /// When.
        at: Timestamp,
        /// One sentence.
        text: String,
    },
    /// What the client says to its user alone; lines are kept.
    Notice {
        /// When.
        at: Timestamp,
        /// The text, shown after `[System]`.
        text: String,
    },
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its `client_msg_id`, by which it is found before the server has given it a number.
    pub key: Uuid,
    /// Its id, once it has one.
    pub id: Option<MessageId>,
    /// Its number in the room's log, once it has one.
    pub seq: Option<u64>,
    /// The user name of who wrote it.
    pub author: String,
    /// Whether that is the user.
    pub is_own: bool,
    /// When it was written.
    pub at: Timestamp,
    /// The text.
    pub body: String,
    /// Whether it is told as something that the author does: `* alice waves`.
    pub is_emote: bool,
    /// Whether it was changed since.
    pub edited: bool,
    /// Whether it was deleted; then the body is not shown.
    pub deleted: bool,
    /// The beginning of what it answers, with who wrote that.
    pub reply_to: Option<String>,
    /// Emoji, and how many people chose each.
    pub reactions: Vec<(String, usize)>,
    /// How far it has come.
    pub delivery: Delivery,
    /// Whether it mentions the user.
    pub mentions_me: bool,
}

/// How far a message has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// On its way.
    Sending,
    /// It will be sent when there is a connection.
    Waiting,
    /// It was refused: why, for people.
    Failed(String),
    /// The server has it.
    Done,
}

impl Entry {
    /// Its number in the room's log, if it has one.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Message(message) => message.seq,
            Self::Happening { seq, .. } => Some(*seq),
            Self::Notice { .. } => None,
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Message(message) => message.at,
            Self::Happening { at, .. } | Self::Notice { at, .. } => *at,
        }
    }

    /// The message in it, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Happening { .. } | Self::Notice { .. } => None,
        }
    }

    /// Whether it is a message that the server has not numbered yet.
    pub fn is_unsent(&self) -> bool {
        self.message().is_some_and(|message| message.seq.is_none())
    }
}
