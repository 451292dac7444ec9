//! Somebody who talks and listens through everything with the client library, and writes down what it tells.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::time::{Duration, Instant};

use natter_client::contract::frames::{MessageSent, Mode};
use natter_client::{Client, Error, Event, Live, LiveOptions, NewMessage, RoomId, SendState, Status, Update, Updates};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

/// How long somebody thinks before saying something.
const PACE: Duration = Duration::from_millis(40);

/// What all clients are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Talk.
    Talking,
    /// Finish what is begun, and listen.
    Listening,
    /// It is over.
    Over,
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) room: RoomId,
    pub(crate) body: String,
    pub(crate) client_msg_id: Uuid,
    /// Its place, once it was acknowledged.
    pub(crate) seq: Option<u64>,
    /// Its place as the updates tell it.
    pub(crate) told_seq: Option<u64>,
}

/// What a client has lived through.
#[derive(Default)]
pub(crate) struct Diary {
    pub(crate) sent: Vec<Sent>,
    /// The events of each room in the order in which they came.
    pub(crate) heard: HashMap<RoomId, Vec<Event>>,
    /// For each message, how long after it was first sent it came.
    pub(crate) delays: Vec<Duration>,
    /// Sockets that said hello.
    pub(crate) connections: u32,
}

/// A message that waits to be acknowledged.
type InFlight = Pin<Box<dyn Future<Output = Result<MessageSent, Error>> + Send>>;

pub(crate) struct Talker {
    pub(crate) client: Client,
    pub(crate) rooms: Vec<RoomId>,
    pub(crate) phase: watch::Receiver<Phase>,
    /// When the test began: bodies say when they were sent.
    pub(crate) begun: Instant,
    /// How many events of each room every client must have heard before it ends; known in the end.
    pub(crate) heads: watch::Receiver<HashMap<RoomId, u64>>,
    /// The rooms that a connection has told of already.
    pub(crate) entered: HashSet<RoomId>,
    pub(crate) diary: Diary,
}

/// The protocol's rules with shorter waits: nobody wants to wait for 30 seconds after a fault of 7.
fn options() -> LiveOptions {
    LiveOptions {
        shortest_wait: Duration::from_millis(40),
        longest_wait: Duration::from_secs(1),
        ..LiveOptions::default()
    }
}

impl Talker {
    /// Lives until it has heard everything.
    pub(crate) async fn run(mut self) -> Diary {
        let (live, mut updates) = self.client.live(options());
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut in_flight = None;
        while in_flight.is_some() || !self.is_done() {
            tokio::select! {
                update = updates.next() => self.note(update.expect("the connection never ends by itself")),
                outcome = settled(&mut in_flight) => self.acknowledge(outcome),
                _ = ticks.tick(), if in_flight.is_none() && *self.phase.borrow() == Phase::Talking => {
                    in_flight = Some(self.say_next(&live).await);
                }
                changed = self.phase.changed() => changed.unwrap(),
            }
        }
        self.end(&live, updates).await;
        self.diary
    }

    /// Nothing comes after the end.
    async fn end(&mut self, live: &Live, mut updates: Updates) {
        live.close().await;
        while let Some(update) = updates.next().await {
            if !matches!(update, Update::Status(Status::Ended(_))) {
                self.note(update);
            }
        }
    }

    fn is_done(&self) -> bool {
        let heads = self.heads.borrow();
        let has = |room: &RoomId, head: u64| self.cursor(*room) >= Some(head);
        *self.phase.borrow() == Phase::Over && heads.iter().all(|(room, head)| has(room, *head))
    }

    fn cursor(&self, room: RoomId) -> Option<u64> {
        Some(self.diary.heard.get(&room)?.last()?.seq)
    }

    async fn say_next(&mut self, live: &Live) -> InFlight {
        let number = self.diary.sent.len();
        let room = self.rooms[number % self.rooms.len()];
        let body = format!("{} {number} at {}", self.client.username(), self.begun.elapsed().as_millis());
        let message = NewMessage::new(room, body.clone());
        let client_msg_id = message.client_msg_id;
        self.diary.sent.push(Sent { room, body, client_msg_id, seq: None, told_seq: None });
        Box::pin(live.send(message).await.expect("the connection never ends by itself").outcome())
    }

    fn acknowledge(&mut self, outcome: Result<MessageSent, Error>) {
        let sent = outcome.unwrap_or_else(|error| panic!("refused for good: {error:?}"));
        self.diary.sent.last_mut().unwrap().seq = Some(sent.seq);
    }

    fn note(&mut self, update: Update) {
        let who = self.client.username();
        match update {
            Update::Status(Status::CatchingUp) => self.diary.connections += 1,
            Update::Status(Status::Waiting { why, .. }) => println!("{who} lost the connection: {why}"),
            Update::Status(Status::Connecting | Status::Ready) | Update::Passing(_) => {}
            Update::Status(Status::Ended(why)) => panic!("{who} lost the connection for good: {why:?}"),
            Update::Room(entry) => {
                let is_new = self.entered.insert(entry.room.id);
                assert!(is_new || matches!(entry.mode, Mode::Live | Mode::Replay), "{who}: {:?}", entry.mode);
            }
            Update::RoomRemoved(room) => panic!("{who} was told to have left {room}"),
            Update::Skipped { room_id, from, to } => panic!("{who} will not hear {from} to {to} of {room_id}"),
            Update::Event(event) => self.hear(event),
            Update::Sending { client_msg_id, state, .. } => self.note_sending(client_msg_id, &state),
        }
    }

    fn note_sending(&mut self, client_msg_id: Uuid, state: &SendState) {
        let sent = self.diary.sent.iter_mut().rfind(|sent| sent.client_msg_id == client_msg_id).unwrap();
        assert_eq!(sent.told_seq, None, "{state:?} after it was acknowledged");
        match state {
            SendState::Waiting | SendState::Sent => {}
            SendState::Acknowledged(acknowledged) => sent.told_seq = Some(acknowledged.seq),
            SendState::Refused(_) | SendState::Abandoned(_) => panic!("given up: {state:?}"),
        }
    }

    /// Notes an event of a log, each of which must be the next one of its room.
    fn hear(&mut self, event: Event) {
        if let Some(before) = self.cursor(event.room_id) {
            assert_eq!(event.seq, before + 1, "{} heard {} after {before}", self.client.username(), event.seq);
        }
        let value: Value = serde_json::from_str(event.json()).unwrap();
        if let Some((_, sent_at)) = value["data"]["body"].as_str().and_then(|body| body.rsplit_once(" at ")) {
            let sent_at = Duration::from_millis(sent_at.parse().unwrap());
            self.diary.delays.push(self.begun.elapsed().saturating_sub(sent_at));
        }
        self.diary.heard.entry(event.room_id).or_default().push(event);
    }

    /// Whether everything that was sent is acknowledged, to whoever waited and to whoever listens.
    pub(crate) fn is_settled(diary: &Diary) -> bool {
        diary.sent.iter().all(|sent| sent.seq.is_some() && sent.seq == sent.told_seq)
    }
}

/// How it went with the message that is on its way; never while none is.
async fn settled(in_flight: &mut Option<InFlight>) -> Result<MessageSent, Error> {
    let Some(waiting) = in_flight else { return std::future::pending().await };
    let outcome = waiting.await;
    *in_flight = None;
    outcome
}
