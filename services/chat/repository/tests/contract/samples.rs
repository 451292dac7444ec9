//! People, rooms and messages to fill stores with.

use std::time::Duration;

use chat_entity::{
    ClientMsgId, Draft, Event, EventContent, Format, Message, MessageBody, NewRoom, Profile, Room, RoomDetails,
    RoomKind, RoomName, Seq,
};
use chat_usecase::port::{Access, Appended, Created, Creation, Entry, Join, Joined, Left, RoomStanding};
use kernel::{MessageId, RoomId, Timestamp, UserId};
use uuid::Uuid;

use crate::stores::Stores;

/// Rooms that a user may be in, where a case does not care.
pub(crate) const MAX_ROOMS: u32 = 2_000;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_795_259_294_120).plus(Duration::from_secs(seconds))
}

pub(crate) fn name(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

pub(crate) fn profile(username: &str) -> Profile {
    let avatar_url = Some(format!("https://example.org/{username}.png"));
    Profile { id: UserId::new(), username: username.to_owned(), display_name: username.to_uppercase(), avatar_url }
}

/// Somebody whom chat has met, in no room.
pub(crate) async fn person(stores: &Stores, username: &str) -> Profile {
    let person = profile(username);
    stores.people.welcome(person.clone(), 1, Vec::new(), at(0)).await.unwrap();
    person
}

pub(crate) fn creation(owner: &Profile, room_name: &str, kind: RoomKind) -> Creation {
    let room = NewRoom { kind, name: name(room_name), details: RoomDetails::default() };
    Creation { id: RoomId::new(), owner: owner.id, room, at: at(1), idempotency: None, max_rooms: MAX_ROOMS }
}

pub(crate) async fn create(stores: &Stores, creation: Creation) -> Room {
    match stores.rooms.create(creation).await.unwrap() {
        Created::New(room) => *room,
        other => panic!("the room was not made: {other:?}"),
    }
}

pub(crate) async fn public_room(stores: &Stores, owner: &Profile, name: &str) -> RoomId {
    create(stores, creation(owner, name, RoomKind::Public)).await.id
}

pub(crate) async fn private_room(stores: &Stores, owner: &Profile, name: &str) -> RoomId {
    create(stores, creation(owner, name, RoomKind::Private)).await.id
}

pub(crate) fn join_of(user: &Profile, room: RoomId) -> Join {
    Join { user: user.id, room, at: at(2), max_rooms: MAX_ROOMS }
}

pub(crate) async fn join(stores: &Stores, user: &Profile, room: RoomId) -> Room {
    match stores.rooms.join(join_of(user, room)).await.unwrap() {
        Joined::New(room) => *room,
        other => panic!("{} did not come in: {other:?}", user.username),
    }
}

pub(crate) async fn leave(stores: &Stores, user: &Profile, room: RoomId) {
    assert_eq!(stores.rooms.leave(user.id, room, at(3)).await.unwrap(), Left::Done);
}

pub(crate) fn entry(author: &Profile, room_id: RoomId, body: &str) -> Entry {
    let draft = Draft {
        room_id,
        body: MessageBody::parse(body.to_owned(), 8_000).unwrap(),
        format: Format::Plain,
        client_msg_id: ClientMsgId(Uuid::new_v4()),
        reply_to: None,
    };
    Entry { message_id: MessageId::new(), author: author.id, draft, named: Vec::new(), at: at(4) }
}

/// An entry whose text names these people.
pub(crate) fn naming(author: &Profile, room: RoomId, names: &[&str]) -> Entry {
    let named = names.iter().map(|name| (*name).to_owned()).collect();
    Entry { named, ..entry(author, room, "hello") }
}

pub(crate) async fn append(stores: &Stores, entry: Entry) -> Message {
    match stores.log.append(entry).await.unwrap() {
        Appended::Created(message) => *message,
        other => panic!("it was not appended: {other:?}"),
    }
}

pub(crate) async fn say(stores: &Stores, author: &Profile, room: RoomId, body: &str) -> Seq {
    append(stores, entry(author, room, body)).await.seq
}

/// What a member sees of a room.
pub(crate) async fn standing(stores: &Stores, user: &Profile, room: RoomId) -> RoomStanding {
    stores.rooms.standing(user.id, room).await.unwrap().expect("a member has a standing")
}

/// Unread messages and mentions.
pub(crate) async fn unread(stores: &Stores, user: &Profile, room: RoomId) -> (u64, u64) {
    let standing = standing(stores, user, room).await;
    (standing.unread, standing.mentions)
}

pub(crate) fn granted<T: std::fmt::Debug>(access: Access<T>) -> T {
    match access {
        Access::Granted(found) => found,
        other => panic!("it was refused: {other:?}"),
    }
}

/// The kinds of a log's events, with whom each is about.
pub(crate) fn kinds(log: &[Event]) -> Vec<String> {
    let kind = |event: &Event| match &event.content {
        EventContent::RoomCreated(_) => "created".to_owned(),
        EventContent::MemberJoined(user) => format!("joined {}", user.username),
        EventContent::MemberLeft(user) => format!("left {}", user.username),
        EventContent::MessageCreated(message) => format!("{}: {}", message.author.username, message.body.as_str()),
    };
    log.iter().map(kind).collect()
}
