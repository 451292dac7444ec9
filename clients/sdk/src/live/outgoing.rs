//! The messages that wait to be acknowledged, and the order in which they are sent.
//!
//! Of each room only the first one is on its way. The server lets what one connection asks for take effect in the order
//! in which it was asked, and still the second of two may be accepted when the first is refused for now: by a rate, or
//! because the store was away for a moment. Sending the first again would put it behind the second.

use std::collections::VecDeque;
use std::time::Duration;

use contract::frames::{MessageSent, SendMessage};
use kernel::RoomId;
use tokio::time::Instant;
use uuid::Uuid;

use super::command::Waiting;
use super::{SendState, Update};
use crate::{Error, Refusal};

/// The wait after a refusal that names none: it doubles each time, up to the longest.
const PATIENCE: Duration = Duration::from_millis(500);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

struct Item {
    waiting: Waiting,
    is_on_its_way: bool,
    /// How often it was refused for now.
    refusals: u32,
    /// How often the server failed on it, as far as it knows without having stored it.
    faults: u32,
}

/// The messages to one room, in order.
struct Queue {
    room: RoomId,
    items: VecDeque<Item>,
    not_before: Option<Instant>,
}

/// All messages that wait.
#[derive(Default)]
pub(super) struct Outgoing {
    /// Few rooms at a time, so that looking through them costs nothing.
    queues: Vec<Queue>,
}

impl Outgoing {
    /// Takes a message in.
    pub(super) fn push(&mut self, waiting: Waiting) -> Update {
        let message = &waiting.message;
        let (room_id, client_msg_id) = (message.room_id, message.client_msg_id);
        let item = Item { waiting, is_on_its_way: false, refusals: 0, faults: 0 };
        match self.queues.iter_mut().find(|queue| queue.room == room_id) {
            Some(queue) => queue.items.push_back(item),
            None => self.queues.push(Queue { room: room_id, items: VecDeque::from([item]), not_before: None }),
        }
        Update::Sending { room_id, client_msg_id, state: SendState::Waiting }
    }

    /// The next message that may be sent now, which is then on its way.
    pub(super) fn next(&mut self, now: Instant) -> Option<SendMessage> {
        let is_due = |queue: &&mut Queue| queue.not_before.is_none_or(|time| time <= now);
        let mut queues = self.queues.iter_mut().filter(is_due);
        let item = queues.find_map(|queue| queue.items.front_mut().filter(|item| !item.is_on_its_way))?;
        item.is_on_its_way = true;
        let message = &item.waiting.message;
        Some(SendMessage {
            room_id: message.room_id,
            body: message.body.clone(),
            client_msg_id: message.client_msg_id,
            format: message.format,
            reply_to: message.reply_to,
            attachments: Vec::new(),
        })
    }

    /// When the next message that waits for a time may be sent.
    pub(super) fn next_time(&self) -> Option<Instant> {
        self.queues.iter().filter_map(|queue| queue.not_before).min()
    }

    /// The times that have come are forgotten.
    pub(super) fn forget_times(&mut self, now: Instant) {
        for queue in &mut self.queues {
            queue.not_before = queue.not_before.filter(|time| *time > now);
        }
    }

    /// A message is durable.
    pub(super) fn acknowledge(&mut self, room: RoomId, id: Uuid, sent: MessageSent) -> Option<Update> {
        let waiting = self.take(room, id)?;
        let _ = waiting.done.send(Ok(sent));
        Some(Update::Sending { room_id: room, client_msg_id: id, state: SendState::Acknowledged(sent) })
    }

    /// The server did not take a message: it is sent again later, or given up.
    pub(super) fn refuse(&mut self, room: RoomId, id: Uuid, refusal: Refusal) -> Option<Update> {
        let queue = self.queues.iter_mut().find(|queue| queue.room == room)?;
        let item = queue.items.front_mut().filter(|item| item.waiting.message.client_msg_id == id)?;
        // A fault of the server may be this very message's, which then would hold up the others for ever: it is tried once
        // more. An outcome that nobody knows is no refusal, and is asked for until it is known (I10).
        let is_fault = refusal.status == 500 && refusal.definite != Some(false);
        let is_final = !refusal.is_passing() || (is_fault && item.faults > 0);
        item.faults += u32::from(is_fault);
        if !is_final {
            item.is_on_its_way = false;
            let grown = PATIENCE.saturating_mul(1 << item.refusals.min(16)).min(LONGEST_PATIENCE);
            item.refusals = item.refusals.saturating_add(1);
            queue.not_before = Some(Instant::now() + refusal.retry_after().unwrap_or(grown));
            return Some(Update::Sending { room_id: room, client_msg_id: id, state: SendState::Waiting });
        }
        let waiting = self.take(room, id)?;
        let _ = waiting.done.send(Err(refusal.clone().into()));
        Some(Update::Sending { room_id: room, client_msg_id: id, state: SendState::Refused(Box::new(refusal)) })
    }

    /// The connection is gone: whatever was on its way is sent again on the next one.
    pub(super) fn lose_connection(&mut self) -> Vec<Update> {
        let mut updates = Vec::new();
        for queue in &mut self.queues {
            queue.not_before = None;
            for item in queue.items.iter_mut().filter(|item| item.is_on_its_way) {
                item.is_on_its_way = false;
                let client_msg_id = item.waiting.message.client_msg_id;
                updates.push(Update::Sending { room_id: queue.room, client_msg_id, state: SendState::Waiting });
            }
        }
        updates
    }

    /// Nothing is sent any more.
    pub(super) fn abandon(&mut self, why: &str, error: impl Fn() -> Error) -> Vec<Update> {
        let mut updates = Vec::new();
        for queue in std::mem::take(&mut self.queues) {
            for item in queue.items {
                let client_msg_id = item.waiting.message.client_msg_id;
                let _ = item.waiting.done.send(Err(error()));
                let state = SendState::Abandoned(why.to_owned());
                updates.push(Update::Sending { room_id: queue.room, client_msg_id, state });
            }
        }
        updates
    }

    fn take(&mut self, room: RoomId, id: Uuid) -> Option<Waiting> {
        let at = self.queues.iter().position(|queue| queue.room == room)?;
        let queue = &mut self.queues[at];
        let place = queue.items.iter().position(|item| item.waiting.message.client_msg_id == id)?;
        let item = queue.items.remove(place)?;
        if queue.items.is_empty() {
            self.queues.swap_remove(at);
        }
        Some(item.waiting)
    }
}
