//! What the server says on a connection, and what follows from it.

use std::time::Duration;

use contract::events::{Expiry, LogContent, PassingEvent};
use contract::frames::{MessageSent, RoomEntry};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::Update;
use super::connection::{Asked, Connection};
use super::driver::Driver;
use super::incoming::Incoming;
use super::parting::Parting;
use super::places::{Standing, Verdict};
use super::serve::Progress;
use crate::{Event, Refusal};

/// The wait after a renewal that was refused for now, when the refusal names none.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Driver {
    pub(super) fn take_frame(
        &mut self,
        connection: &mut Connection,
        progress: &mut Progress,
        frame: Incoming,
    ) -> Result<(), Parting> {
        match frame {
            Incoming::Reply { reply_to, outcome } => {
                if let Some(asked) = connection.answered(&reply_to) {
                    return self.take_reply(connection, progress, asked, outcome);
                }
            }
            Incoming::Rooms(entries) => self.enter(entries),
            Incoming::Ready => {
                progress.is_replayed = true;
                let left = self.places.leave_untold();
                self.outlet.tell_each(left.into_iter().map(Update::RoomRemoved));
            }
            Incoming::Event(event) => {
                self.settle_by(&event);
                if self.places.judge(event.room_id, event.seq) == Verdict::Next {
                    self.outlet.tell(Update::Event(event));
                }
            }
            Incoming::Passing(event) => self.take_passing(connection, event),
            // `connection` keeps what a goodbye says; nobody says hello twice.
            Incoming::Hello(_) | Incoming::Goodbye(_) | Incoming::Unknown => {}
        }
        Ok(())
    }

    fn take_passing(&mut self, connection: &mut Connection, event: PassingEvent) {
        match event {
            PassingEvent::RoomAdded { data } => self.enter(vec![*data]),
            PassingEvent::RoomRemoved { room_id } => {
                self.places.leave(room_id);
                self.outlet.tell(Update::RoomRemoved(room_id));
            }
            PassingEvent::SessionExpiring { .. } => connection.renew_at = Instant::now(),
            other => self.outlet.tell(Update::Passing(other)),
        }
    }

    fn take_reply(
        &mut self,
        connection: &mut Connection,
        progress: &mut Progress,
        asked: Asked,
        outcome: Result<Box<RawValue>, Refusal>,
    ) -> Result<(), Parting> {
        match (asked, outcome) {
            (Asked::Start, Ok(data)) => {
                self.places.set_epoch(&connection.hello.epoch);
                progress.has_started = true;
                self.enter(rooms_of(&data)?);
            }
            // The store is away: the socket stays, and `start` is sent again.
            (Asked::Start, Err(refusal)) if refusal.is_passing() => {
                progress.start_again_at = Some(Instant::now() + self.backoff.next(refusal.retry_after()));
            }
            (Asked::Start, Err(refusal)) => return Err(Parting::by_refusal(&refusal)),
            (Asked::Renew(token), Ok(data)) => {
                connection.token = token;
                connection.token_ends_at(read::<Expiry>(&data)?.expires_at);
            }
            // Nobody can check the token now. The socket is good until its old one ends.
            (Asked::Renew(_), Err(refusal)) if refusal.is_passing() => {
                connection.renew_at = Instant::now() + refusal.retry_after().unwrap_or(RENEW_AGAIN_AFTER);
            }
            (Asked::Renew(_), Err(refusal)) => return Err(Parting::by_refusal(&refusal)),
            (Asked::Message(room, id), Ok(data)) => {
                let sent = read::<MessageSent>(&data)?;
                let update = self.outgoing.acknowledge(room, id, sent);
                self.outlet.tell_each(update);
            }
            (Asked::Message(room, id), Err(refusal)) => {
                if refusal.ends_the_session() {
                    return Err(Parting::by_refusal(&refusal));
                }
                let update = self.outgoing.refuse(room, id, refusal);
                self.outlet.tell_each(update);
            }
            (Asked::Request(answer), Ok(data)) => drop(answer.send(Ok(data))),
            (Asked::Request(answer), Err(refusal)) => drop(answer.send(Err(refusal.into()))),
        }
        Ok(())
    }

    fn enter(&mut self, entries: Vec<RoomEntry>) {
        for entry in entries {
            let standing = self.places.enter(&entry, self.options.on_resync);
            let room_id = entry.room.id;
            self.outlet.tell(Update::Room(Box::new(entry)));
            if let Standing::Skipped { from, to } = standing {
                self.outlet.tell(Update::Skipped { room_id, from, to });
            }
        }
    }

    /// One's own message in the log is as good as its acknowledgement, and may come first.
    pub(super) fn settle_by(&mut self, event: &Event) {
        let Some(LogContent::MessageCreated(message)) = &event.content else { return };
        if message.author.id != self.client.user_id() {
            return;
        }
        let sent =
            MessageSent { message_id: message.id, seq: event.seq, created_at: message.created_at, deduplicated: false };
        let update = self.outgoing.acknowledge(event.room_id, message.client_msg_id, sent);
        self.outlet.tell_each(update);
    }
}

fn read<T: DeserializeOwned>(data: &RawValue) -> Result<T, Parting> {
    serde_json::from_str(data.get()).map_err(|error| Parting::lost(format!("a reply cannot be read: {error}")))
}

/// The rooms of the reply to `start`. One that cannot be read, as a later server may have it, is left out.
fn rooms_of(data: &RawValue) -> Result<Vec<RoomEntry>, Parting> {
    #[derive(Deserialize)]
    struct Rooms {
        rooms: Vec<Box<RawValue>>,
    }
    let readable = |room: Box<RawValue>| match serde_json::from_str(room.get()) {
        Ok(entry) => Some(entry),
        Err(error) => {
            tracing::warn!(%error, "a room cannot be read, and is left out");
            None
        }
    };
    Ok(read::<Rooms>(data)?.rooms.into_iter().filter_map(readable).collect())
}
