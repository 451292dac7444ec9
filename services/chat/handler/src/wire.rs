//! From the rules' types to those of the wire.

use chat_entity::{
    Event, EventContent, Format, Membership, Message, PresenceStatus, Profile, ResumeMode, Role, Room, RoomKind,
};
use chat_usecase::port::{MemberOf, MyRoom, PresenceChange};
use chat_usecase::{SomebodyHere, StartedRoom};
use contract::chat;
use contract::events::{LogContent, LogEvent, PresenceChanged};
use contract::frames::{Mode, RoomEntry};

/// Bytes of a list of those who are there: with what a socket may have waiting it stays below what its queue takes.
const PRESENCE_BYTES: usize = 512 * 1024;

/// A user beside what they did.
pub fn author(profile: &Profile) -> chat::Author {
    chat::Author {
        id: profile.id,
        username: profile.username.clone(),
        display_name: profile.display_name.clone(),
        avatar_url: profile.avatar_url.clone(),
    }
}

/// A room.
pub fn room(room: &Room) -> chat::Room {
    chat::Room {
        id: room.id,
        kind: match room.kind {
            RoomKind::Public => chat::RoomKind::Public,
            RoomKind::Private => chat::RoomKind::Private,
            RoomKind::Direct => chat::RoomKind::Direct,
        },
        name: room.name.as_ref().map(|name| name.as_str().to_owned()),
        title: room.details.title.clone(),
        topic: room.details.topic.clone(),
        metadata: room.details.metadata.clone(),
        created_by: room.created_by,
        created_at: room.created_at,
        archived_at: room.archived_at,
        member_count: room.member_count,
        head_seq: room.head_seq.get(),
    }
}

/// A role.
pub fn role(role: Role) -> chat::Role {
    match role {
        Role::Owner => chat::Role::Owner,
        Role::Admin => chat::Role::Admin,
        Role::Member => chat::Role::Member,
    }
}

fn format(format: Format) -> chat::Format {
    match format {
        Format::Plain => chat::Format::Plain,
        Format::Markdown => chat::Format::Markdown,
    }
}

/// A message. Attachments, reactions, pins, edits and deletions are not made by this version, so no message has any.
pub fn message(message: &Message) -> chat::Message {
    chat::Message {
        id: message.id,
        room_id: message.room_id,
        seq: message.seq.get(),
        author: author(&message.author),
        body: message.body.as_str().to_owned(),
        format: format(message.format),
        client_msg_id: message.client_msg_id.0,
        reply_to: message.reply_to,
        mentions: message.mentions.clone(),
        attachments: Vec::new(),
        reactions: Vec::new(),
        pinned: false,
        created_at: message.created_at,
        edited_at: None,
        deleted_at: None,
    }
}

/// An event of a log: the same object on sockets, in replays and in `GET …/events`.
pub fn log_event(event: &Event) -> LogEvent {
    let content = match &event.content {
        EventContent::RoomCreated(made) => LogContent::RoomCreated { room: room(made) },
        EventContent::MemberJoined(user) => LogContent::MemberJoined { user: author(user) },
        EventContent::MemberLeft(user) => LogContent::MemberLeft { user: author(user) },
        EventContent::MessageCreated(sent) => LogContent::MessageCreated(Box::new(message(sent))),
    };
    LogEvent { content, room_id: event.room_id, seq: event.seq.get(), at: event.at, actor_id: event.actor }
}

/// A room as `start` tells it.
pub fn room_entry(started: &StartedRoom) -> RoomEntry {
    let standing = &started.standing;
    RoomEntry {
        room: room(&standing.room),
        role: role(standing.role),
        head_seq: standing.room.head_seq.get(),
        read_seq: standing.read_seq.get(),
        unread: standing.unread,
        mentions: standing.mentions,
        mode: match started.resume.mode {
            ResumeMode::Live => Mode::Live,
            ResumeMode::Replay => Mode::Replay,
            ResumeMode::Resync => Mode::Resync,
            ResumeMode::Reset => Mode::Reset,
        },
        from_seq: started.resume.from.get(),
    }
}

/// One's own membership.
pub fn membership(membership: &Membership) -> chat::Membership {
    chat::Membership {
        role: role(membership.role),
        joined_at: membership.joined_at,
        read_seq: membership.read_seq.get(),
    }
}

/// Somebody in a room.
pub fn member(member: &MemberOf) -> chat::Member {
    chat::Member {
        user: author(&member.profile),
        role: role(member.membership.role),
        joined_at: member.membership.joined_at,
    }
}

/// A room of one's own list.
pub fn my_room(mine: &MyRoom) -> chat::MyRoom {
    let standing = &mine.standing;
    chat::MyRoom {
        room: room(&standing.room),
        role: role(standing.role),
        head_seq: standing.room.head_seq.get(),
        read_seq: standing.read_seq.get(),
        unread: standing.unread,
        mentions: standing.mentions,
        last_message: mine.last_message.as_ref().map(message),
    }
}

fn presence_status(status: PresenceStatus) -> chat::PresenceStatus {
    match status {
        PresenceStatus::Away => chat::PresenceStatus::Away,
        PresenceStatus::Online => chat::PresenceStatus::Online,
        PresenceStatus::Dnd => chat::PresenceStatus::Dnd,
    }
}

/// What somebody has become to others.
pub fn presence_changed(change: &PresenceChange) -> PresenceChanged {
    PresenceChanged {
        user_id: change.user,
        status: change.status.map_or(chat::PresenceStatus::Offline, presence_status),
        last_seen_at: change.seen_at,
    }
}

/// Those who are there, as many as one frame has place for.
pub fn presence_list(here: &[SomebodyHere]) -> chat::PresenceList {
    let mut bytes = 0;
    let users = here.iter().map(|somebody| chat::UserPresence {
        user: author(&somebody.profile),
        status: presence_status(somebody.status),
        last_seen_at: somebody.seen_at,
    });
    let fit = users.take_while(|user| {
        // With the comma after it.
        bytes += serde_json::to_vec(user).map_or(0, |json| json.len() + 1);
        bytes <= PRESENCE_BYTES
    });
    chat::PresenceList { users: fit.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Timestamp, UserId};

    #[test]
    fn a_list_of_people_with_long_names_is_cut_to_what_fits() {
        let avatar_url = Some("https://example.org/".repeat(100));
        let profile =
            Profile { id: UserId::new(), username: "ada".into(), display_name: "\u{1}".repeat(64), avatar_url };
        let seen_at = Timestamp::from_millis(7);
        let here = vec![SomebodyHere { profile, status: PresenceStatus::Online, seen_at }; 500];
        let list = presence_list(&here);
        let bytes = serde_json::to_vec(&list).unwrap().len();
        assert!((PRESENCE_BYTES - 4_096..PRESENCE_BYTES + 64).contains(&bytes), "{bytes}");
        assert_eq!(presence_list(&here[..100]).users.len(), 100);
    }
}
