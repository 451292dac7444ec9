//! What the program says, in one place, so that the screen and the plain mode say the same.

use contract::chat::{Format, Role, Room, RoomKind};
use contract::events::LogContent;
use natter_client::Event;

/// The room that everybody comes back to.
pub(crate) const HOME: &str = "global";

/// What a room is called: its name; a direct room has none.
pub(crate) fn room_name(room: &Room) -> String {
    match (&room.name, &room.title) {
        (Some(name), _) => name.clone(),
        (None, Some(title)) => title.clone(),
        (None, None) if room.kind == RoomKind::Direct => "direct".to_owned(),
        (None, None) => room.id.to_string(),
    }
}

/// `Joined room: development`
pub(crate) fn joined(room: &str) -> String {
    format!("Joined room: {room}")
}

/// Where one is after leaving a room: `Returned to global chat`
pub(crate) fn returned(room: &str) -> String {
    format!("Returned to {room} chat")
}

/// `Users in development: ada, bob`, or `Users: ada, bob, cy` for everywhere.
pub(crate) fn users(room: Option<&str>, names: &[String]) -> String {
    let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    match room {
        Some(room) => format!("Users in {room}: {names}"),
        None => format!("Users: {names}"),
    }
}

/// `[Sent to development] Hey team!`
pub(crate) fn sent(room: &str, body: &str) -> String {
    format!("[Sent to {room}] {body}")
}

/// `[System] …`
pub(crate) fn system(text: &str) -> String {
    format!("[System] {text}")
}

/// How many messages are unread, and how many name one: ` (3 unread, 1 mention)`; nothing when there are none.
pub(crate) fn unread(unread: u64, mentions: u64) -> String {
    match (unread, mentions) {
        (0, _) => String::new(),
        (unread, 0) => format!(" ({unread} unread)"),
        (unread, 1) => format!(" ({unread} unread, 1 mention)"),
        (unread, mentions) => format!(" ({unread} unread, {mentions} mentions)"),
    }
}

/// The text of an emote that `/me` has sent: a Markdown message that is one emphasis, in one line.
pub(crate) fn emote(format: Format, body: &str) -> Option<String> {
    let inner = body.strip_prefix('_')?.strip_suffix('_')?;
    if format != Format::Markdown || inner.is_empty() || inner.contains('\n') {
        return None;
    }
    let mut text = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            // More than one emphasis.
            '_' => return None,
            other => text.push(other),
        }
    }
    Some(text)
}

/// What `/me` sends: other clients show it as an emphasis.
pub(crate) fn as_emote(text: &str) -> String {
    format!("_{}_", text.replace('\\', "\\\\").replace('_', "\\_").replace('\n', " "))
}

/// One sentence about what has happened to a room; `None` for what is no news to people.
pub(crate) fn happening(event: &Event) -> Option<String> {
    let text = match event.content.as_ref()? {
        LogContent::RoomCreated { .. } => "the room was made".to_owned(),
        LogContent::RoomUpdated { room } => match &room.topic {
            Some(topic) => format!("the topic is now: {topic}"),
            None => "the room's settings were changed".to_owned(),
        },
        LogContent::RoomArchived { .. } => "the room was closed for good".to_owned(),
        LogContent::MemberJoined { user } => format!("{} joined", user.username),
        LogContent::MemberLeft { user } => format!("{} left", user.username),
        LogContent::MemberRemoved { user, banned: true } => format!("{} was banned", user.username),
        LogContent::MemberRemoved { user, banned: false } => format!("{} was removed", user.username),
        LogContent::MemberRoleChanged { user, role } => format!("{} is now {}", user.username, role_name(*role)),
        LogContent::MessageCreated(_)
        | LogContent::MessageEdited { .. }
        | LogContent::MessageDeleted { .. }
        | LogContent::ReactionAdded { .. }
        | LogContent::ReactionRemoved { .. }
        | LogContent::MessagePinned { .. }
        | LogContent::MessageUnpinned { .. } => return None,
    };
    Some(text)
}

/// What a role is called.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Member => "member",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emote_comes_back_as_it_was_typed_and_other_markdown_is_none() {
        for text in ["waves", "likes snake_case and back\\slashes", "_", "a\\_b"] {
            assert_eq!(emote(Format::Markdown, &as_emote(text)).as_deref(), Some(text));
        }
        assert_eq!(emote(Format::Markdown, &as_emote("two\nlines")).as_deref(), Some("two lines"));
        for other in ["_", "__", "_a_b_", "plain", "_a\nb_"] {
            assert_eq!(emote(Format::Markdown, other), None, "{other}");
        }
        assert_eq!(emote(Format::Plain, "_waves_"), None);
    }

    #[test]
    fn the_wording_is_the_documented_one() {
        let names = ["ada".to_owned(), "bob".to_owned()];
        assert_eq!(system(&joined("development")), "[System] Joined room: development");
        assert_eq!(system(&users(Some("development"), &names)), "[System] Users in development: ada, bob");
        assert_eq!(system(&users(None, &names)), "[System] Users: ada, bob");
        assert_eq!(sent("development", "Hey team!"), "[Sent to development] Hey team!");
        assert_eq!(system(&returned(HOME)), "[System] Returned to global chat");
        assert_eq!(unread(3, 1), " (3 unread, 1 mention)");
    }
}
