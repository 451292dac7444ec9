//! Rooms and who is in them.

use async_trait::async_trait;
use chat_entity::{Membership, Message, NewRoom, Profile, Role, Room, RoomName, Seq};
use kernel::{RoomId, StoreError, Timestamp, UserId};

/// What a reader gets of something that only members may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access<T> {
    /// The reader is in the room.
    Granted(T),
    /// The reader is not in the room, which is public.
    NotAMember,
    /// There is no such room, or none that the reader may know of.
    NoSuchRoom,
}

/// A key that makes repeating a POST harmless for a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// What the client sent, 1–255 visible ASCII characters.
    pub key: String,
    /// A digest of the body: the same key with another body is a mistake.
    pub fingerprint: [u8; 32],
}

/// A room on its way into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// The id that it gets.
    pub id: RoomId,
    /// Who makes it, and becomes its owner.
    pub owner: UserId,
    /// What is to be made.
    pub room: NewRoom,
    /// When.
    pub at: Timestamp,
    /// Makes a repeat recognisable.
    pub idempotency: Option<IdempotencyKey>,
    /// Rooms that a user may be in.
    pub max_rooms: u32,
}

/// What became of a [`Creation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there now; its log has `room.created` and the owner's `member.joined`.
    New(Box<Room>),
    /// The same key made it before.
    Repeated(Box<Room>),
    /// The key belongs to another body.
    KeyReused,
    /// A public room has the name.
    NameTaken,
    /// The owner is in as many rooms as one may be.
    TooManyRooms,
}

/// Somebody who wants to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// Who.
    pub user: UserId,
    /// Where.
    pub room: RoomId,
    /// When.
    pub at: Timestamp,
    /// Rooms that a user may be in.
    pub max_rooms: u32,
}

/// What became of a [`Join`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The user is in now, and the log says so.
    New(Box<Room>),
    /// The user was in already; nothing happened.
    Already(Box<Room>),
    /// The room is closed.
    Archived,
    /// The user is in as many rooms as one may be.
    TooManyRooms,
    /// There is no such room, or none that the user may know of.
    NoSuchRoom,
}

/// What became of leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The user is out, and the log says so.
    Done,
    /// The user was not in, and the room is public.
    NotAMember,
    /// There is no such room, or none that the user may know of.
    NoSuchRoom,
}

/// What became of a read mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Where it is now.
    pub read_seq: Seq,
    /// Whether it moved.
    pub moved: bool,
    /// How many are in the room.
    pub member_count: u64,
}

/// A room as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomStanding {
    /// The room.
    pub room: Room,
    /// What the member may do.
    pub role: Role,
    /// Up to where the member has read.
    pub read_seq: Seq,
    /// Messages after that.
    pub unread: u64,
    /// Those of them that name the member.
    pub mentions: u64,
}

/// All rooms that somebody is in, and a number that tells later whether that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standings {
    /// The name of the history that all this is of: as [`Log::epoch`](super::Log::epoch) gives it.
    pub epoch: String,
    /// How often the user has come into a room or gone out of one.
    pub membership_no: u64,
    /// The rooms, the one with the latest event first.
    pub rooms: Vec<RoomStanding>,
}

/// An entry of one's own list of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MyRoom {
    /// The room and one's place in it.
    pub standing: RoomStanding,
    /// The latest message.
    pub last_message: Option<Message>,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberOf {
    /// Who.
    pub profile: Profile,
    /// Place in the room.
    pub membership: Membership,
}

/// A place in a list: after the item with these keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first sort key.
    pub major: i64,
    /// What decides between equal first keys.
    pub minor: i64,
}

/// A page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomPage<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Place>,
}

/// Keeps rooms and memberships. Every change is one atomic change, in line when its future has been polled once.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Rooms: Send + Sync {
    /// Makes sure that a public room of this name is there, made by nobody.
    async fn ensure_default(&self, id: RoomId, name: RoomName, at: Timestamp) -> Result<(), StoreError>;

    /// Makes a room with its owner in it. The name's uniqueness MUST be decided by a constraint, not by looking first.
    async fn create(&self, creation: Creation) -> Result<Created, StoreError>;

    /// Lets a user in. Of racing calls exactly one MUST say [`Joined::New`] and append one event.
    async fn join(&self, join: Join) -> Result<Joined, StoreError>;

    /// Lets a user out.
    async fn leave(&self, user: UserId, room: RoomId, at: Timestamp) -> Result<Left, StoreError>;

    /// Moves a read mark forward, never back and never past the head.
    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq) -> Result<Access<Marked>, StoreError>;

    /// A room and the asker's membership, for members and, when it is public, for everybody.
    async fn find(&self, asker: UserId, room: RoomId) -> Result<Option<(Room, Option<Membership>)>, StoreError>;

    /// Open public rooms, those with the most members first; `query` is a prefix of name or title without regard to
    /// case, `name` the exact name.
    async fn directory(
        &self,
        query: Option<String>,
        name: Option<String>,
        after: Option<Place>,
        limit: u32,
    ) -> Result<RoomPage<Room>, StoreError>;

    /// The rooms that a user is in, the one with the latest event first.
    async fn mine(&self, user: UserId, after: Option<Place>, limit: u32) -> Result<RoomPage<MyRoom>, StoreError>;

    /// All rooms that a user is in, the user's `membership_no` and the store's epoch, all at one moment. The number MUST
    /// grow in each change that lets the user in or out.
    async fn standings(&self, user: UserId) -> Result<Standings, StoreError>;

    /// The `membership_no` of those of the users for whom it has moved past the one that is named with each; in one
    /// question.
    async fn memberships_moved(&self, known: Vec<(UserId, u64)>) -> Result<Vec<(UserId, u64)>, StoreError>;

    /// One room that a user is in; `None` when the user is not.
    async fn standing(&self, user: UserId, room: RoomId) -> Result<Option<RoomStanding>, StoreError>;

    /// The members of a room, in the order in which they joined.
    async fn members(
        &self,
        reader: UserId,
        room: RoomId,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Access<RoomPage<MemberOf>>, StoreError>;

    /// Those of these users who are in a room that the reader is in, by user name without regard to case.
    async fn members_among(
        &self,
        reader: UserId,
        room: RoomId,
        users: Vec<UserId>,
        limit: u32,
    ) -> Result<Access<Vec<Profile>>, StoreError>;

    /// Those of these users who share at least one room with the reader, and the reader, if named, in any case; by user
    /// name without regard to case.
    async fn neighbours_among(
        &self,
        reader: UserId,
        users: Vec<UserId>,
        limit: u32,
    ) -> Result<Vec<Profile>, StoreError>;

    /// The rooms that each of these users is in, in no order; in one question.
    async fn rooms_of(&self, users: Vec<UserId>) -> Result<Vec<(UserId, RoomId)>, StoreError>;
}
