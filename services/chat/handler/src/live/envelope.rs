//! What travels on the bus between nodes: a few bytes to decide by, then the JSON that sockets get.

use bytes::{BufMut, Bytes, BytesMut};
use chat_entity::{Event, EventContent, Seq};
use chat_usecase::port::Passing;
use contract::events::{PassingEvent, ReadPosition, TypingUser};
use kernel::{RoomId, UserId};

use super::fanout::{Audience, Delivery, Membership, PassingDelivery};
use super::frame;
use crate::wire;

/// The layout's version; a node ignores what it does not know and finds it in the store.
const VERSION: u8 = 1;
const LOG_HEADER: usize = 1 + 16 + 8 + 1 + 16;
const PASSING_HEADER: usize = 1 + 16 + 1 + 16;

const NOBODY: u8 = 0;
const JOINED: u8 = 1;
const LEFT: u8 = 2;

const ROOM_WITHOUT: u8 = 0;
const ONLY: u8 = 1;
const ROOM: u8 = 2;

/// A committed event, for the bus.
pub fn of_event(event: &Event) -> Bytes {
    let (what, who) = match &event.content {
        EventContent::MemberJoined(user) => (JOINED, user.id),
        EventContent::MemberLeft(user) => (LEFT, user.id),
        EventContent::RoomCreated(_) | EventContent::MessageCreated(_) => (NOBODY, UserId::from_bytes([0; 16])),
    };
    let mut bytes = BytesMut::with_capacity(LOG_HEADER + 512);
    bytes.put_u8(VERSION);
    bytes.put_slice(event.room_id.as_bytes());
    bytes.put_u64(event.seq.get());
    bytes.put_u8(what);
    bytes.put_slice(who.as_bytes());
    write_json(bytes, &wire::log_event(event))
}

/// Reads what [`of_event`] wrote; `None` for what is not ours.
pub fn to_delivery(bytes: &Bytes) -> Option<Delivery> {
    let (&[VERSION], rest) = bytes.split_first_chunk::<1>()? else { return None };
    let (room, rest) = rest.split_first_chunk::<16>()?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let (what, rest) = rest.split_first_chunk::<1>()?;
    let (who, json) = rest.split_first_chunk::<16>()?;
    let who = UserId::from_bytes(*who);
    let membership = match what[0] {
        NOBODY => None,
        JOINED => Some(Membership::Joined(who)),
        LEFT => Some(Membership::Left(who)),
        _ => return None,
    };
    Some(Delivery {
        room: RoomId::from_bytes(*room),
        seq: Seq::new(u64::from_be_bytes(*seq)),
        membership,
        frame: frame::text(json),
    })
}

/// Something that passes, for the bus.
pub fn of_passing(event: Passing) -> Bytes {
    let (room, audience, who, event) = match event {
        Passing::TypingStarted { room, user } => {
            let data = TypingUser { user: wire::author(&user) };
            (room, ROOM_WITHOUT, user.id, PassingEvent::TypingStarted { room_id: room, data })
        }
        Passing::TypingStopped { room, user } => {
            let data = TypingUser { user: wire::author(&user) };
            (room, ROOM_WITHOUT, user.id, PassingEvent::TypingStopped { room_id: room, data })
        }
        Passing::ReadMoved { room, user, read_seq, to_all } => {
            let data = ReadPosition { user_id: user, read_seq: read_seq.get() };
            (room, if to_all { ROOM } else { ONLY }, user, PassingEvent::ReadUpdated { room_id: room, data })
        }
    };
    let mut bytes = BytesMut::with_capacity(PASSING_HEADER + 256);
    bytes.put_u8(VERSION);
    bytes.put_slice(room.as_bytes());
    bytes.put_u8(audience);
    bytes.put_slice(who.as_bytes());
    write_json(bytes, &event)
}

/// Reads what [`of_passing`] wrote; `None` for what is not ours.
pub fn to_passing(bytes: &Bytes) -> Option<PassingDelivery> {
    let (&[VERSION], rest) = bytes.split_first_chunk::<1>()? else { return None };
    let (room, rest) = rest.split_first_chunk::<16>()?;
    let (audience, rest) = rest.split_first_chunk::<1>()?;
    let (who, json) = rest.split_first_chunk::<16>()?;
    let who = UserId::from_bytes(*who);
    let audience = match audience[0] {
        ROOM_WITHOUT => Audience::RoomWithout(who),
        ONLY => Audience::Only(who),
        ROOM => Audience::Room,
        _ => return None,
    };
    Some(PassingDelivery { room: RoomId::from_bytes(*room), audience, frame: frame::text(json) })
}

fn write_json(bytes: BytesMut, value: &impl serde::Serialize) -> Bytes {
    let mut writer = bytes.writer();
    // Writing to memory does not fail, and neither do our types.
    if let Err(error) = serde_json::to_writer(&mut writer, value) {
        tracing::error!(%error, "an event could not be written");
    }
    writer.into_inner().freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_entity::Profile;
    use kernel::Timestamp;

    fn profile() -> Profile {
        Profile { id: UserId::new(), username: "ada".into(), display_name: "Ada".into(), avatar_url: None }
    }

    #[test]
    fn an_event_arrives_as_it_was_sent() {
        let user = profile();
        let event = Event {
            room_id: RoomId::new(),
            seq: Seq::new(7),
            at: Timestamp::from_millis(1),
            actor: Some(user.id),
            content: EventContent::MemberJoined(user.clone()),
        };
        let delivery = to_delivery(&of_event(&event)).unwrap();
        assert_eq!((delivery.room, delivery.seq), (event.room_id, event.seq));
        assert_eq!(delivery.membership, Some(Membership::Joined(user.id)));
        assert_eq!(delivery.frame, frame::json(&wire::log_event(&event)));
    }

    #[test]
    fn what_is_cut_short_or_of_another_version_is_ignored() {
        let user = profile();
        let bytes = of_passing(Passing::TypingStarted { room: RoomId::new(), user });
        assert!(to_passing(&bytes).is_some());
        for length in 0..PASSING_HEADER {
            assert!(to_passing(&bytes.slice(..length)).is_none());
            assert!(to_delivery(&bytes.slice(..length)).is_none());
        }
        let mut other = bytes.to_vec();
        other[0] = VERSION + 1;
        assert!(to_passing(&Bytes::from(other)).is_none());
    }
}
