//! The table of commands.

use contract::meta::Feature;

/// A command, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What follows the name: `<needed>`, `[optional]`.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// A line that one could type.
    pub example: &'static str,
    /// What the server must offer for it. `/topic` needs it only to change the topic.
    pub needs: Option<Feature>,
    /// What Tab completes after it.
    pub completes: Completes,
    /// Whether it ends in free text, which may have several lines.
    pub takes_text: bool,
}

/// What Tab completes in a command's first argument. `@name` is completed everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completes {
    /// Nothing.
    Nothing,
    /// Names of rooms.
    Rooms,
    /// Names of people.
    Users,
    /// Names of commands.
    Commands,
    /// One of these.
    Words(&'static [&'static str]),
}

const PLAIN: Row = Row {
    name: "",
    arguments: "",
    summary: "",
    example: "",
    needs: None,
    completes: Completes::Nothing,
    takes_text: false,
};

/// All commands, in the order in which they are explained.
pub const TABLE: &[Row] = &[
    Row {
        name: "help",
        arguments: "[command]",
        summary: "explains all commands, or one",
        example: "/help join",
        completes: Completes::Commands,
        ..PLAIN
    },
    Row {
        name: "users",
        arguments: "[room]",
        summary: "shows who is online, everywhere or in a room",
        example: "/users dev",
        needs: Some(Feature::Presence),
        completes: Completes::Rooms,
        ..PLAIN
    },
    Row {
        name: "rooms",
        summary: "lists your rooms and the public ones, with what is unread",
        example: "/rooms",
        needs: Some(Feature::Rooms),
        ..PLAIN
    },
    Row {
        name: "join",
        arguments: "<room> [--create]",
        summary: "joins a room or switches to it; --create makes it when there is none",
        example: "/join dev",
        needs: Some(Feature::Rooms),
        completes: Completes::Rooms,
        ..PLAIN
    },
    Row {
        name: "leave",
        summary: "leaves the current room and goes back to global",
        example: "/leave",
        needs: Some(Feature::Rooms),
        ..PLAIN
    },
    Row {
        name: "msg",
        arguments: "<user> <text>",
        summary: "writes to one person, in a room of just the two of you",
        example: "/msg bob Lunch?",
        needs: Some(Feature::DirectRooms),
        completes: Completes::Users,
        takes_text: true,
    },
    Row {
        name: "create",
        arguments: "<room> [--private] [topic…]",
        summary: "makes a room and goes there; --private makes it invisible to all but its members",
        example: "/create garden --private Tomatoes and beans",
        needs: Some(Feature::Rooms),
        ..PLAIN
    },
    Row {
        name: "topic",
        arguments: "[text]",
        summary: "shows what the room is about, or changes it",
        example: "/topic Release on Friday",
        needs: Some(Feature::RoomSettings),
        ..PLAIN
    },
    Row {
        name: "members",
        arguments: "[room]",
        summary: "lists the members of the current room, or of another",
        example: "/members dev",
        needs: Some(Feature::Rooms),
        completes: Completes::Rooms,
        ..PLAIN
    },
    Row {
        name: "history",
        arguments: "[count]",
        summary: "loads older messages: 50, or as many as you say, up to 200",
        example: "/history 100",
        needs: Some(Feature::History),
        ..PLAIN
    },
    Row {
        name: "search",
        arguments: "<text>",
        summary: "finds messages in your rooms",
        example: "/search release notes",
        needs: Some(Feature::Search),
        ..PLAIN
    },
    Row {
        name: "edit",
        arguments: "[#number] <text>",
        summary: "replaces the text of your latest message, or of the one with this number",
        example: "/edit #57 See you at ten",
        needs: Some(Feature::Editing),
        takes_text: true,
        ..PLAIN
    },
    Row {
        name: "delete",
        arguments: "[#number]",
        summary: "deletes your latest message, or the one with this number",
        example: "/delete #57",
        needs: Some(Feature::Editing),
        ..PLAIN
    },
    Row {
        name: "react",
        arguments: "[#number] <emoji>",
        summary: "reacts to somebody's latest message, or to the one with this number",
        example: "/react #57 👍",
        needs: Some(Feature::Reactions),
        ..PLAIN
    },
    Row {
        name: "reply",
        arguments: "[#number] <text>",
        summary: "answers somebody's latest message, or the one with this number",
        example: "/reply #57 Good idea",
        needs: Some(Feature::Replies),
        takes_text: true,
        ..PLAIN
    },
    Row {
        name: "me",
        arguments: "<text>",
        summary: "tells what you do: * alice waves",
        example: "/me waves",
        takes_text: true,
        ..PLAIN
    },
    Row {
        name: "sessions",
        arguments: "[end <id> | end-others]",
        summary: "lists where you are signed in; ends one of these sessions, or all but this one",
        example: "/sessions end-others",
        needs: Some(Feature::Sessions),
        completes: Completes::Words(&["end", "end-others"]),
        ..PLAIN
    },
    Row {
        name: "signout",
        summary: "ends this session on the server, forgets it here, and leaves",
        example: "/signout",
        ..PLAIN
    },
    Row { name: "quit", summary: "leaves; the next start needs no password", example: "/quit", ..PLAIN },
];

/// The row of a command; the case of its letters does not matter.
pub fn row(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name.eq_ignore_ascii_case(name))
}

impl Row {
    /// How it is typed: `/join <room> [--create]`.
    pub fn usage(&self) -> String {
        if self.arguments.is_empty() { format!("/{}", self.name) } else { format!("/{} {}", self.name, self.arguments) }
    }
}
