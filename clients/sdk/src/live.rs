//! A connection that comes back by itself, and through it each room's log: every event once, in order, without a gap.

mod catch_up;
mod command;
mod connection;
mod driver;
mod hearing;
mod incoming;
mod outgoing;
mod outlet;
mod parting;
mod places;
mod serve;
mod update;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use contract::chat::{Format, PresenceList, PresenceStatus, ReadMark, UserPresence};
use contract::frames::{InRoom, ListPresence, MarkReadIn, MessageSent, SetPresence};
use kernel::{MessageId, RoomId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};
use uuid::Uuid;

use crate::{Client, Error, Event};
use command::{Command, Waiting};
use driver::Driver;
pub use update::{Ended, SendState, Status, Update};

/// Messages that may wait to be acknowledged.
const MAX_WAITING: usize = 1_000;
/// Requests that may wait for their replies.
const MAX_REQUESTS: usize = 256;
/// Updates that may wait for whoever reads them; beyond that, and some more within, nothing is read from the socket.
const UPDATES: usize = 256;

/// Where somebody was in each room. Keep it together with what the events have led to, and go on from there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursors {
    /// The name of the store's history that the places belong to.
    pub epoch: Option<String>,
    /// The last `seq` of each room that was processed.
    pub rooms: HashMap<RoomId, u64>,
}

/// What to do about a room where more was missed than a socket replays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnResync {
    /// Page through all of it: for whoever must see every event.
    #[default]
    FetchAll,
    /// Say so with [`Update::Skipped`] and go on at the end: for whoever shows the latest part and reads the rest when
    /// somebody looks.
    Skip,
}

/// How a connection behaves.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Where to go on. A room that is not there begins at its end.
    pub cursors: Cursors,
    /// What to do about long absences.
    pub on_resync: OnResync,
    /// The shortest wait before connecting again.
    pub shortest_wait: Duration,
    /// The longest wait before connecting again.
    pub longest_wait: Duration,
    /// How long the server may take for a reply before the connection is taken for dead.
    pub reply_within: Duration,
}

impl Default for LiveOptions {
    /// From the end of each room, with the waits of the protocol: 0.5 to 30 seconds.
    fn default() -> Self {
        Self {
            cursors: Cursors::default(),
            on_resync: OnResync::default(),
            shortest_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            reply_within: Duration::from_secs(10),
        }
    }
}

/// A message to send.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Where to.
    pub room_id: RoomId,
    /// 1–8,000 characters, not blank.
    pub body: String,
    /// How to show it.
    pub format: Format,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Sending it again with the same id gives the same message, for ever.
    pub client_msg_id: Uuid,
}

impl NewMessage {
    /// A plain message with an id of its own.
    pub fn new(room_id: RoomId, body: impl Into<String>) -> Self {
        Self { room_id, body: body.into(), format: Format::Plain, reply_to: None, client_msg_id: Uuid::new_v4() }
    }
}

/// A message that is being sent.
#[derive(Debug)]
pub struct Sending {
    /// The message's id.
    pub client_msg_id: Uuid,
    outcome: oneshot::Receiver<Result<MessageSent, Error>>,
}

impl Sending {
    /// Waits until the message is durable, however often the connection is lost meanwhile.
    ///
    /// # Errors
    /// When it was refused for good, or the connection has ended for good.
    pub async fn outcome(self) -> Result<MessageSent, Error> {
        self.outcome.await.unwrap_or(Err(Error::Closed))
    }
}

/// The sending half of a connection. Clones share the connection; it is closed when [`Live::close`] is called, or when
/// all clones and the [`Updates`] are gone.
#[derive(Clone)]
pub struct Live {
    commands: mpsc::UnboundedSender<Command>,
    /// What bounds the commands: each that waits holds a permit.
    messages: Arc<Semaphore>,
    requests: Arc<Semaphore>,
}

/// The receiving half of a connection. Whoever reads too slowly slows down the connection, and loses nothing.
pub struct Updates {
    updates: mpsc::Receiver<Update>,
}

impl Updates {
    /// The next update; `None` when the connection has ended for good.
    pub async fn next(&mut self) -> Option<Update> {
        self.updates.recv().await
    }

    /// The next event of any room's log; everything else is passed over. `None` when the connection has ended for good.
    pub async fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Update::Event(event) = self.next().await? {
                return Some(event);
            }
        }
    }

    /// An update that is there already.
    pub fn try_next(&mut self) -> Option<Update> {
        self.updates.try_recv().ok()
    }
}

impl Client {
    /// Connects, and stays connected: in the background, from now on. Needs a tokio runtime.
    ///
    /// Replies come through the same socket as updates, and it is not read while more than a thousand updates wait. So read
    /// the updates in another task than the one that waits for replies; or, to send only, drop them at once.
    pub fn live(&self, options: LiveOptions) -> (Live, Updates) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let (sender, updates) = mpsc::channel(UPDATES);
        tokio::spawn(Driver::new(self.clone(), options, receiver, sender).run());
        let messages = Arc::new(Semaphore::new(MAX_WAITING));
        let requests = Arc::new(Semaphore::new(MAX_REQUESTS));
        (Live { commands, messages, requests }, Updates { updates })
    }
}

impl Live {
    /// Takes a message, and sends it until it is acknowledged: again on each new connection, under its id. Messages to one
    /// room arrive in the order in which they were taken. Waits while 1,000 are waiting.
    ///
    /// # Errors
    /// When the connection has ended for good.
    pub async fn send(&self, message: NewMessage) -> Result<Sending, Error> {
        let permit = Arc::clone(&self.messages).acquire_owned().await.map_err(|_| Error::Closed)?;
        self.hand_over(message, permit)
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// [`Error::Full`] when 1,000 are waiting.
    pub fn try_send(&self, message: NewMessage) -> Result<Sending, Error> {
        let permit = Arc::clone(&self.messages).try_acquire_owned().map_err(|_| Error::Full)?;
        self.hand_over(message, permit)
    }

    fn hand_over(&self, message: NewMessage, permit: tokio::sync::OwnedSemaphorePermit) -> Result<Sending, Error> {
        let (done, outcome) = oneshot::channel();
        let client_msg_id = message.client_msg_id;
        let waiting = Waiting { message, done, _permit: permit };
        self.commands.send(Command::Send(Box::new(waiting))).map_err(|_| Error::Closed)?;
        Ok(Sending { client_msg_id, outcome })
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Errors
    /// [`Error::Unreachable`] at once when there is no connection, and when it is lost before the reply has come: then it
    /// is unknown whether it was done.
    pub async fn request<T: DeserializeOwned>(&self, kind: &str, data: impl Serialize) -> Result<T, Error> {
        let permit = Arc::clone(&self.requests).acquire_owned().await.map_err(|_| Error::Closed)?;
        let data = serde_json::to_value(data).map_err(|error| Error::Invalid(error.to_string()))?;
        let (answer, reply) = oneshot::channel();
        let request = Command::Request { kind: kind.to_owned(), data, answer };
        self.commands.send(request).map_err(|_| Error::Closed)?;
        let reply = reply.await.unwrap_or(Err(Error::Closed));
        drop(permit);
        serde_json::from_str(reply?.get()).map_err(|error| Error::Protocol(format!("the reply to {kind}: {error}")))
    }

    /// Says that one writes, or has stopped. The server passes it on now and then; it is never repeated.
    pub async fn typing(&self, room_id: RoomId, writes: bool) -> Result<(), Error> {
        let kind = if writes { "typing.start" } else { "typing.stop" };
        self.request::<Value>(kind, InRoom { room_id }).await.map(drop)
    }

    /// Marks a room as read up to a place; gives the mark, which never moves back.
    pub async fn mark_read(&self, room_id: RoomId, seq: u64) -> Result<u64, Error> {
        self.request::<ReadMark>("read.mark", MarkReadIn { room_id, seq }).await.map(|mark| mark.read_seq)
    }

    /// Who is here: of those in this room, or of all with whom one shares a room. Needs the feature `presence`.
    pub async fn presence(&self, room_id: Option<RoomId>) -> Result<Vec<UserPresence>, Error> {
        self.request::<PresenceList>("presence.list", ListPresence { room_id }).await.map(|list| list.users)
    }

    /// Says how one is here, on this connection. Needs the feature `presence`.
    pub async fn set_presence(&self, status: PresenceStatus) -> Result<(), Error> {
        self.request::<Value>("presence.set", SetPresence { status }).await.map(drop)
    }

    /// Changes a message of one's own. Needs the feature `editing`.
    pub async fn edit(&self, room_id: RoomId, message_id: MessageId, body: &str) -> Result<(), Error> {
        let data = json!({"room_id": room_id, "message_id": message_id, "body": body});
        self.request::<Value>("message.edit", data).await.map(drop)
    }

    /// Deletes a message. Needs the feature `editing`.
    pub async fn delete(&self, room_id: RoomId, message_id: MessageId) -> Result<(), Error> {
        let data = json!({"room_id": room_id, "message_id": message_id});
        self.request::<Value>("message.delete", data).await.map(drop)
    }

    /// Gives a reaction, or takes it back. Needs the feature `reactions`.
    pub async fn react(&self, room_id: RoomId, message_id: MessageId, emoji: &str, gives: bool) -> Result<(), Error> {
        let kind = if gives { "reaction.add" } else { "reaction.remove" };
        let data = json!({"room_id": room_id, "message_id": message_id, "emoji": emoji});
        self.request::<Value>(kind, data).await.map(drop)
    }

    /// Closes the connection. What has not been acknowledged is abandoned.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.commands.send(Command::Close(done)).is_ok() {
            let _ = closed.await;
        }
    }
}
