//! From the rules' types to those of the wire.

use chat_entity::{Event, EventContent, Format, Membership, Message, Profile, ResumeMode, Role, Room, RoomKind};
use chat_usecase::StartedRoom;
use chat_usecase::port::{MemberOf, MyRoom};
use contract::chat;
use contract::events::{LogContent, LogEvent};
use contract::frames::{Mode, RoomEntry};

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
