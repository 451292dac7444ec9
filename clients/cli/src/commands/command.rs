//! What a line asks for once it is understood, so that whoever carries it out never looks at text again.

use contract::meta::Feature;
use kernel::SessionId;

use super::table::row;

/// One line of input, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A message for the current room; not blank.
    Say(String),
    /// An emote: `alice waves`; not blank.
    Me(String),
    /// The explanation of all commands, or of one: the name that was asked for, without its slash.
    Help(Option<String>),
    /// Who is online: everywhere, or in the room of this name.
    Users(Option<String>),
    /// One's rooms.
    Rooms,
    /// Go to a room, joining it first where needed.
    Join {
        /// The room's name.
        room: String,
        /// Make it, public, when there is none.
        create: bool,
    },
    /// Leave the current room and go back to the default one.
    Leave,
    /// Write to one person.
    Msg {
        /// The user's name, without an `@`.
        user: String,
        /// The text; not blank.
        text: String,
    },
    /// Make a room and go there.
    Create {
        /// The room's name.
        room: String,
        /// Whether it is for invited people only.
        private: bool,
        /// What it is about.
        topic: Option<String>,
    },
    /// Show the room's topic, or change it.
    Topic(Option<String>),
    /// Who is a member of the current room, or of the room of this name.
    Members(Option<String>),
    /// Load this many older messages: 1 to [`MAX_HISTORY`](super::MAX_HISTORY).
    History(u32),
    /// Find messages; not blank.
    Search(String),
    /// Replace the text of a message.
    Edit {
        /// Its number; the latest own one without.
        message: Option<u64>,
        /// The new text; not blank.
        text: String,
    },
    /// Delete a message: the one with this number, or the latest own one.
    Delete(Option<u64>),
    /// React to a message.
    React {
        /// Its number; the latest one of somebody else without.
        message: Option<u64>,
        /// The emoji; one word.
        emoji: String,
    },
    /// Answer a message.
    Reply {
        /// Its number; the latest one of somebody else without.
        message: Option<u64>,
        /// The text; not blank.
        text: String,
    },
    /// One's sessions.
    Sessions(SessionsCommand),
    /// End this session.
    Signout,
    /// Leave the program; the session stays.
    Quit,
}

/// What to do with one's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionsCommand {
    /// List them.
    List,
    /// End this one.
    End(SessionId),
    /// End all but the own one.
    EndOthers,
}

impl Command {
    /// The name of its row in the table; `None` for a message.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Say(_) => None,
            Self::Me(_) => Some("me"),
            Self::Help(_) => Some("help"),
            Self::Users(_) => Some("users"),
            Self::Rooms => Some("rooms"),
            Self::Join { .. } => Some("join"),
            Self::Leave => Some("leave"),
            Self::Msg { .. } => Some("msg"),
            Self::Create { .. } => Some("create"),
            Self::Topic(_) => Some("topic"),
            Self::Members(_) => Some("members"),
            Self::History(_) => Some("history"),
            Self::Search(_) => Some("search"),
            Self::Edit { .. } => Some("edit"),
            Self::Delete(_) => Some("delete"),
            Self::React { .. } => Some("react"),
            Self::Reply { .. } => Some("reply"),
            Self::Sessions(_) => Some("sessions"),
            Self::Signout => Some("signout"),
            Self::Quit => Some("quit"),
        }
    }

    /// What the server must offer for it; [`unavailable`](super::unavailable) is what to say if it does not.
    pub fn needs(&self) -> Option<Feature> {
        // To show the topic, nothing is needed: the client knows it.
        if *self == Self::Topic(None) { None } else { row(self.name()?)?.needs }
    }
}
