//! Committed messages, as many as a bench needs, without the store that would commit them.

use chat_entity::{Event, EventContent, Message, Seq};

use crate::fixtures::store::{Store, now};

/// Messages of a store's room after a place, one as the other but for its own place: making them costs little beside what is
/// done with them.
pub(crate) fn messages(store: &Store, after: Seq, count: usize) -> Vec<Event> {
    let entry = store.entry();
    let mut message = Box::new(Message {
        id: entry.message_id,
        room_id: store.room.id,
        seq: after,
        author: store.author.clone(),
        mentions: Vec::new(),
        body: entry.draft.body,
        format: entry.draft.format,
        client_msg_id: entry.draft.client_msg_id,
        reply_to: None,
        created_at: now(),
    });
    let next = |_| {
        message.seq = message.seq.next();
        Event {
            room_id: store.room.id,
            seq: message.seq,
            at: now(),
            actor: Some(store.author.id),
            content: EventContent::MessageCreated(message.clone()),
        }
    };
    (0..count).map(next).collect()
}
