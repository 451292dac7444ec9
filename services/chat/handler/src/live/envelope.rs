//! What travels on the bus between nodes: a few bytes to decide by, then the JSON that sockets get; of an event of a log the
//! whole frame, so that no node makes it again.

use bus::{Bus, Channel, Message};
use bytes::{BufMut, Bytes, BytesMut};
use chat_entity::{Event, EventContent, Seq};
use chat_usecase::port::{Passing, PresenceChange};
use contract::events::{
    JOINED_TOPIC, LOG_TOPIC, PASSING_TOPIC, PRESENCE_TOPIC, PassingEvent, ROOM_CHANNEL, ReadPosition, TypingUser,
    USER_CHANNEL,
};
use kernel::{RoomId, Timestamp, UserId};
use uuid::Uuid;

use super::fanout::{Audience, Delivery, Joining, PassingDelivery, PresenceDelivery};
use super::frame;
use crate::wire;

/// The layout's version; a node ignores what it does not know and finds it in the store.
const VERSION: u8 = 2;
/// What an event takes that says little, with its frame; a longer one makes the buffer grow once.
const USUAL: usize = LOG_HEADER + 1_024;
const LOG_HEADER: usize = 1 + 16 + 8 + 1 + 16;
const PASSING_HEADER: usize = 1 + 16 + 1 + 16;
const PRESENCE_HEADER: usize = 1 + 16 + 8 + 4;

const NOBODY: u8 = 0;
const LEFT: u8 = 2;

const ROOM_WITHOUT: u8 = 0;
const ONLY: u8 = 1;
const ROOM: u8 = 2;

/// A committed event, for the bus.
pub(super) fn of_event(event: &Event) -> Bytes {
    let (what, who) = match &event.content {
        EventContent::MemberLeft(user) => (LEFT, user.id),
        EventContent::MemberJoined(_) | EventContent::RoomCreated(_) | EventContent::MessageCreated(_) => {
            (NOBODY, UserId::from_bytes([0; 16]))
        }
    };
    let mut bytes = Vec::with_capacity(USUAL);
    bytes.put_u8(VERSION);
    bytes.put_slice(event.room_id.as_bytes());
    bytes.put_u64(event.seq.get());
    bytes.put_u8(what);
    bytes.put_slice(who.as_bytes());
    frame::put_json(&mut bytes, &wire::log_event(event));
    Bytes::from(bytes)
}

/// Reads what [`of_event`] wrote; `None` for what is not ours.
pub(super) fn to_delivery(bytes: &Bytes) -> Option<Delivery> {
    let (&[VERSION], rest) = bytes.split_first_chunk::<1>()? else { return None };
    let (room, rest) = rest.split_first_chunk::<16>()?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    let (what, rest) = rest.split_first_chunk::<1>()?;
    let (who, frame) = rest.split_first_chunk::<16>()?;
    let left = match what[0] {
        NOBODY => None,
        LEFT => Some(UserId::from_bytes(*who)),
        _ => return None,
    };
    let seq = Seq::new(u64::from_be_bytes(*seq));
    let frame = bytes.slice_ref(frame::spared(frame)?);
    Some(Delivery { room: RoomId::from_bytes(*room), seq, last: seq, left, frame })
}

/// What the bus would have brought of an event that was read from the store.
pub(super) fn delivery_of(event: &Event) -> Delivery {
    let left = match &event.content {
        EventContent::MemberLeft(user) => Some(user.id),
        EventContent::MemberJoined(_) | EventContent::RoomCreated(_) | EventContent::MessageCreated(_) => None,
    };
    let frame = frame::json(&wire::log_event(event));
    Delivery { room: event.room_id, seq: event.seq, last: event.seq, left, frame }
}

/// Tells all nodes what was committed: each event to those that follow its room, and who has joined one to those that
/// have sockets of that user and may not follow the room yet.
pub fn announce(bus: &dyn Bus, events: &[Event]) {
    let log: Vec<Message> =
        events.iter().map(|event| Message { channel: room_channel(event.room_id), payload: of_event(event) }).collect();
    bus.publish(LOG_TOPIC, &log);
    let joined: Vec<Message> = events
        .iter()
        .filter_map(|event| match &event.content {
            EventContent::MemberJoined(user) => Some(of_joining(user.id, event.room_id, event.seq)),
            EventContent::MemberLeft(_) | EventContent::RoomCreated(_) | EventContent::MessageCreated(_) => None,
        })
        .collect();
    if !joined.is_empty() {
        bus.publish(JOINED_TOPIC, &joined);
    }
}

fn of_joining(user: UserId, room: RoomId, seq: Seq) -> Message {
    let place = seq.get().to_be_bytes();
    let payload = [&[VERSION], user.as_bytes().as_slice(), room.as_bytes().as_slice(), &place].concat();
    Message { channel: user_channel(user), payload: payload.into() }
}

/// Reads what [`of_joining`] wrote; `None` for what is not ours.
pub(super) fn to_joining(bytes: &Bytes) -> Option<Joining> {
    let (&[VERSION], rest) = bytes.split_first_chunk::<1>()? else { return None };
    let (user, rest) = rest.split_first_chunk::<16>()?;
    let (room, place) = rest.split_first_chunk::<16>()?;
    let seq = Seq::new(u64::from_be_bytes(place.try_into().ok()?));
    Some(Joining { user: UserId::from_bytes(*user), room: RoomId::from_bytes(*room), seq })
}

/// The channel of what happens in a room.
pub(super) fn room_channel(room: RoomId) -> Channel {
    Channel::Of { kind: ROOM_CHANNEL, id: Uuid::from_bytes(*room.as_bytes()) }
}

/// The channel of what a user's own sockets must hear.
pub(super) fn user_channel(user: UserId) -> Channel {
    Channel::Of { kind: USER_CHANNEL, id: Uuid::from_bytes(*user.as_bytes()) }
}

/// Tells all nodes something that passes.
pub fn announce_passing(bus: &dyn Bus, event: Passing) {
    let (topic, message) = match event {
        Passing::TypingStarted { room, user } => {
            let data = TypingUser { user: wire::author(&user) };
            let event = PassingEvent::TypingStarted { room_id: room, data };
            (PASSING_TOPIC, in_room(room, ROOM_WITHOUT, user.id, &event))
        }
        Passing::TypingStopped { room, user } => {
            let data = TypingUser { user: wire::author(&user) };
            let event = PassingEvent::TypingStopped { room_id: room, data };
            (PASSING_TOPIC, in_room(room, ROOM_WITHOUT, user.id, &event))
        }
        Passing::ReadMoved { room, user, read_seq, to_all } => {
            let data = ReadPosition { user_id: user, read_seq: read_seq.get() };
            let event = PassingEvent::ReadUpdated { room_id: room, data };
            (PASSING_TOPIC, in_room(room, if to_all { ROOM } else { ONLY }, user, &event))
        }
        // One message to every node, and not one for each room: a user may be in very many.
        Passing::PresenceChanged { change, rooms } => {
            (PRESENCE_TOPIC, Message { channel: Channel::Everyone, payload: of_presence(&change, &rooms) })
        }
    };
    bus.publish(topic, &[message]);
}

/// Something that passes in a room, for the bus.
fn in_room(room: RoomId, audience: u8, who: UserId, event: &PassingEvent) -> Message {
    let channel = if audience == ONLY { user_channel(who) } else { room_channel(room) };
    let mut bytes = BytesMut::with_capacity(PASSING_HEADER + 256);
    bytes.put_u8(VERSION);
    bytes.put_slice(room.as_bytes());
    bytes.put_u8(audience);
    bytes.put_slice(who.as_bytes());
    Message { channel, payload: write_json(bytes, event) }
}

/// Reads what [`of_passing`] wrote; `None` for what is not ours.
pub(super) fn to_passing(bytes: &Bytes) -> Option<PassingDelivery> {
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

/// Changed presence, for the bus.
fn of_presence(change: &PresenceChange, rooms: &[RoomId]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(PRESENCE_HEADER + 16 * rooms.len() + 256);
    bytes.put_u8(VERSION);
    bytes.put_slice(change.user.as_bytes());
    bytes.put_i64(change.seen_at.as_millis());
    bytes.put_u32(u32::try_from(rooms.len()).unwrap_or(u32::MAX));
    rooms.iter().for_each(|room| bytes.put_slice(room.as_bytes()));
    write_json(bytes, &PassingEvent::PresenceChanged { data: wire::presence_changed(change) })
}

/// Reads what [`of_presence`] wrote; `None` for what is not ours.
pub(super) fn to_presence(bytes: &Bytes) -> Option<PresenceDelivery> {
    let (&[VERSION], rest) = bytes.split_first_chunk::<1>()? else { return None };
    let (user, rest) = rest.split_first_chunk::<16>()?;
    let (seen_at, rest) = rest.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (rooms, json) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*count)).ok()?.checked_mul(16)?)?;
    let (rooms, _) = rooms.as_chunks::<16>();
    Some(PresenceDelivery {
        user: UserId::from_bytes(*user),
        seen_at: Timestamp::from_millis(i64::from_be_bytes(*seen_at)),
        rooms: rooms.iter().copied().map(RoomId::from_bytes).collect(),
        frame: frame::text(json),
    })
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
        assert_eq!((delivery.left, &delivery.frame), (None, &frame::json(&wire::log_event(&event))));
        let left = Event { content: EventContent::MemberLeft(user.clone()), ..event };
        assert_eq!(to_delivery(&of_event(&left)).unwrap().left, Some(user.id));
        assert_eq!(delivery_of(&left), to_delivery(&of_event(&left)).unwrap());
    }

    #[test]
    fn a_joining_is_told_where_the_user_has_sockets_and_everything_where_the_room_is_followed() {
        let (user, room) = (profile(), RoomId::new());
        let event = Event {
            room_id: room,
            seq: Seq::new(2),
            at: Timestamp::from_millis(1),
            actor: Some(user.id),
            content: EventContent::MemberJoined(user.clone()),
        };
        let bus = bus::LocalBus::new();
        let (heard, told) = std::sync::mpsc::channel();
        for topic in [LOG_TOPIC, JOINED_TOPIC] {
            let heard = heard.clone();
            bus.subscribe(topic, Box::new(move |batch: &[Message]| heard.send((topic, batch.to_vec())).unwrap()));
        }
        announce(&bus, &[event]);
        let (topic, batch) = told.recv().unwrap();
        assert_eq!((topic, batch[0].channel), (LOG_TOPIC, room_channel(room)));
        let (topic, batch) = told.recv().unwrap();
        assert_eq!((topic, batch[0].channel), (JOINED_TOPIC, user_channel(user.id)));
        assert_eq!(to_joining(&batch[0].payload), Some(Joining { user: user.id, room, seq: Seq::new(2) }));
    }

    #[test]
    fn changed_presence_arrives_as_it_was_sent_with_any_number_of_rooms() {
        let change = PresenceChange { user: UserId::new(), status: None, seen_at: Timestamp::from_millis(7) };
        for count in [0, 1, 2_000] {
            let rooms: Vec<RoomId> = (0..count).map(|_| RoomId::new()).collect();
            let payload = of_presence(&change, &rooms);
            assert!(payload.len() < 64 * 1024, "it fits a message of any bus");
            let delivery = to_presence(&payload).unwrap();
            assert_eq!((delivery.user, delivery.seen_at, &delivery.rooms), (change.user, change.seen_at, &rooms));
            let event = PassingEvent::PresenceChanged { data: wire::presence_changed(&change) };
            assert_eq!(delivery.frame, frame::json(&event));
        }
    }

    #[test]
    fn what_is_cut_short_or_of_another_version_is_ignored() {
        let (user, room_id) = (profile(), RoomId::new());
        let event = PassingEvent::TypingStarted { room_id, data: TypingUser { user: wire::author(&user) } };
        let bytes = in_room(room_id, ROOM_WITHOUT, user.id, &event).payload;
        assert!(to_passing(&bytes).is_some());
        for length in 0..PASSING_HEADER {
            assert!(to_passing(&bytes.slice(..length)).is_none());
            assert!(to_delivery(&bytes.slice(..length)).is_none());
        }
        let change = PresenceChange { user: user.id, status: None, seen_at: Timestamp::from_millis(7) };
        let presence = of_presence(&change, &[room_id, RoomId::new()]);
        for length in 0..PRESENCE_HEADER + 2 * 16 {
            assert!(to_presence(&presence.slice(..length)).is_none());
        }
        let mut other = bytes.to_vec();
        other[0] = VERSION + 1;
        assert!(to_passing(&Bytes::from(other)).is_none());
    }
}
