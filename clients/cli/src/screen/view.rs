//! What the screen shows, as plain data: whoever fills it needs to know nothing of terminals, and the screen nothing of
//! servers.

use kernel::RoomId;

use super::log::Log;

/// Everything on the screen but what the user is typing and where they scrolled to. Text may hold anything: the screen
/// neutralises it.
#[derive(Debug, Default)]
pub struct View {
    /// The server's address, as the user would write it.
    pub server: String,
    /// One's own user name.
    pub me: String,
    /// One's rooms, in the order in which they are shown and numbered (`Alt-1` … `Alt-9`).
    pub rooms: Vec<RoomLine>,
    /// The current room's name.
    pub title: String,
    /// What the current room is about.
    pub topic: Option<String>,
    /// What happened in the current room. Another room has another `Log`, not the same with other content.
    pub log: Log,
    /// Who else is writing in the current room.
    pub typing: Vec<String>,
    /// Who is online in the current room, sorted.
    pub online: Vec<String>,
    /// How many are online in the current room; absent where the server does not tell.
    pub online_total: Option<usize>,
    /// The connection.
    pub status: Status,
}

/// A room in the list of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLine {
    /// Its id.
    pub id: RoomId,
    /// Its name; for a direct room the other people's.
    pub name: String,
    /// Messages not yet read.
    pub unread: u64,
    /// Those of them that mention the user.
    pub mentions: u64,
    /// Whether it is the one on the screen.
    pub is_current: bool,
}

/// How the connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// For the first time.
    #[default]
    Connecting,
    /// Everything that comes is shown at once. After `CatchingUp`, the screen says "caught up" for a moment.
    Connected,
    /// What was missed is coming.
    CatchingUp,
    /// Lost; the next attempt is near.
    Reconnecting {
        /// Until the next attempt.
        in_seconds: u64,
        /// What went wrong, for people.
        why: String,
    },
    /// Over: it will not come back by itself.
    Ended {
        /// What happened and what to do, for people.
        why: String,
    },
}
