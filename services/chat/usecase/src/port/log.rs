//! The rooms' logs.

use async_trait::async_trait;
use chat_entity::{Draft, Event, Message, Seq};
use kernel::{MessageId, RoomId, StoreError, Timestamp, UserId};

use super::Access;

/// A message on its way into the log, with all that is decided before the store sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id that it gets, unless it is a repeat.
    pub message_id: MessageId,
    /// Who sends it.
    pub author: UserId,
    /// What is sent.
    pub draft: Draft,
    /// The lower-case names that its text mentions; those of members become mentions.
    pub named: Vec<String>,
    /// When it was accepted.
    pub at: Timestamp,
}

/// What became of an [`Entry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log now.
    Created(Box<Message>),
    /// It was there before: this is the message that the first call made.
    Repeated(Box<Message>),
    /// Its `client_msg_id` belongs to another message of this author in this room.
    ClientMsgIdTaken,
    /// It answers a message that is not in this room.
    NoSuchReply,
    /// The room is closed.
    Archived,
    /// The author is not in the room, which is public.
    NotAMember,
    /// There is no such room, or none that the author may know of.
    NoSuchRoom,
}

/// Which part of the timeline is wanted. Bounds are exclusive, but that `Around` includes its own place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest messages.
    Newest,
    /// Those right before a place.
    Before(Seq),
    /// Those right after a place.
    After(Seq),
    /// Half of the page before a place, the other half from it on.
    Around(Seq),
}

/// A part of the timeline, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The messages as they stand.
    pub items: Vec<Message>,
    /// Whether there are older ones.
    pub has_more_before: bool,
    /// Whether there are newer ones.
    pub has_more_after: bool,
}

/// Appends to logs and reads them.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Log: Send + Sync {
    /// Appends a message; one atomic change.
    ///
    /// The next `seq` MUST be taken in the commit that makes the row visible, so that whoever can read `seq` n can read
    /// all before it (I2). Membership MUST be checked in the same change (I25). A refusal MUST leave no trace, no gap
    /// in particular. The entry MUST be in line when the future has been polled once, so that calls that are polled one
    /// after the other take effect in that order. The call MUST NOT return `Ok` before the change is durable (I1), and
    /// MUST say [`StoreError::Unknown`] when it cannot tell (I10).
    async fn append(&self, entry: Entry) -> Result<Appended, StoreError>;

    /// A part of the timeline, at most `limit` messages.
    async fn history(
        &self,
        reader: UserId,
        room: RoomId,
        window: Window,
        limit: u32,
    ) -> Result<Access<History>, StoreError>;

    /// The raw log after a place, oldest first, at most `limit` events, and the head at the same moment. Events MUST
    /// come without a gap.
    async fn events_after(
        &self,
        reader: UserId,
        room: RoomId,
        after: Seq,
        limit: u32,
    ) -> Result<Access<(Vec<Event>, Seq)>, StoreError>;

    /// The raw log after a place for the node itself, which passes it on to members only; as
    /// [`events_after`](Self::events_after), without a reader.
    async fn tail(&self, room: RoomId, after: Seq, limit: u32) -> Result<Vec<Event>, StoreError>;

    /// The heads of those of the rooms that have moved past the place that is named with each; in one question.
    async fn moved(&self, known: Vec<(RoomId, Seq)>) -> Result<Vec<(RoomId, Seq)>, StoreError>;

    /// The name of this store's history, which changes when it is restored from a backup.
    async fn epoch(&self) -> Result<String, StoreError>;
}
