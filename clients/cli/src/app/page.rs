//! A part of a room's past: its messages as they stand now, and between them what else has happened.

use contract::chat::{History, Message};
use contract::page::MAX_LIMIT;
use kernel::RoomId;
use natter_client::{Around, Client, Error, Event};

/// Pages of the raw log that are looked through for one page of messages. Where people come and go more than that, some of
/// it is not shown.
const LOOKED_THROUGH: usize = 3;

/// A part of a room's past, oldest first.
pub(super) struct Page {
    pub(super) messages: Vec<Message>,
    /// Who came and went, and what became of the room, among these messages.
    pub(super) happenings: Vec<Event>,
    pub(super) has_more_before: bool,
}

impl Page {
    /// Loads messages, and what has happened among them.
    pub(super) async fn load(client: &Client, room: RoomId, around: Around, count: u32) -> Result<Self, Error> {
        let History { items, has_more_before, .. } = client.history(room, around, count).await?;
        // At the beginning of the log, what was before the first message belongs to it, too.
        let first = items.first().map_or(1, |message| message.seq);
        let after = if has_more_before { first - 1 } else { 0 };
        let before = match around {
            Around::Before(seq) => seq,
            Around::Newest | Around::After(_) | Around::Place(_) => u64::MAX,
        };
        let happenings = happenings(client, room, after, before).await?;
        Ok(Self { messages: items, happenings, has_more_before })
    }
}

async fn happenings(client: &Client, room: RoomId, mut after: u64, before: u64) -> Result<Vec<Event>, Error> {
    let mut found = Vec::new();
    for _ in 0..LOOKED_THROUGH {
        let page = client.events(room, after, MAX_LIMIT).await?;
        let Some(last) = page.items.last().map(|event| event.seq) else { break };
        let is_complete = last >= page.head_seq || last + 1 >= before;
        // Messages, and what became of them, are in the other page.
        found.extend(
            page.items.into_iter().filter(|event| event.seq < before && crate::words::happening(event).is_some()),
        );
        if is_complete {
            break;
        }
        after = last;
    }
    Ok(found)
}
