//! Somebody who talks and listens through everything: comes back when the socket is gone, resumes where it was, and sends
//! again, under the same id, what nobody has acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Live, Person};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use crate::fleet::Fleet;

/// How long a client waits before it tries again whatever has failed.
const PACE: Duration = Duration::from_millis(40);
/// How long an attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

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
    pub(crate) room: String,
    pub(crate) body: String,
    pub(crate) client_msg_id: Uuid,
    /// Its place, once it was acknowledged.
    pub(crate) seq: Option<u64>,
}

/// What a client has lived through.
#[derive(Default)]
pub(crate) struct Diary {
    pub(crate) sent: Vec<Sent>,
    /// The events of each room in the order in which they came.
    pub(crate) heard: HashMap<String, Vec<Value>>,
    /// For each message of others, how long after it was first sent it came.
    pub(crate) delays: Vec<Duration>,
    pub(crate) connections: u32,
}

pub(crate) struct Client {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) person: Person,
    pub(crate) rooms: Vec<String>,
    pub(crate) phase: watch::Receiver<Phase>,
    /// When the test began: bodies say when they were sent.
    pub(crate) begun: Instant,
    /// How many messages of each room every client must have heard before it ends; known in the end.
    pub(crate) heads: watch::Receiver<HashMap<String, u64>>,
    pub(crate) diary: Diary,
}

impl Client {
    /// Lives until it has heard everything.
    pub(crate) async fn run(mut self) -> Diary {
        while !self.is_done() {
            match self.connect().await {
                Some(live) => self.talk_and_listen(live).await,
                None => pause().await,
            }
        }
        self.diary
    }

    fn is_done(&self) -> bool {
        let heads = self.heads.borrow();
        let has = |room: &str, head: u64| self.cursor(room) >= Some(head);
        *self.phase.borrow() == Phase::Over && heads.iter().all(|(room, head)| has(room, *head))
    }

    fn cursor(&self, room: &str) -> Option<u64> {
        self.diary.heard.get(room)?.last()?["seq"].as_u64()
    }

    /// Opens a socket to any node and resumes; `None` when that fails for now.
    async fn connect(&mut self) -> Option<Live> {
        let addr = self.fleet.rest().addr();
        let mut live = timeout(CONNECT_WITHIN, Live::connect(addr, &self.person.token)).await.ok()?.ok()?;
        let cursors: HashMap<_, _> = self.rooms.iter().filter_map(|room| Some((room, self.cursor(room)?))).collect();
        let asked = live.send("start", json!({ "cursors": cursors })).await;
        loop {
            let frame = live.try_frame().await?;
            if frame["reply_to"] == asked.as_str() {
                let entries = frame["data"]["rooms"].as_array()?.clone();
                for entry in &entries {
                    let room = entry["room"]["id"].as_str()?;
                    let known = self.cursor(room);
                    let mode = entry["mode"].as_str()?;
                    assert!(known.is_none() || mode == "live" || mode == "replay", "{mode} after {known:?}");
                }
                self.diary.connections += 1;
                return Some(live);
            }
            self.hear(&frame);
        }
    }

    async fn talk_and_listen(&mut self, mut live: Live) {
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut in_flight: Option<String> = None;
        while !self.is_done() {
            tokio::select! {
                frame = live.try_frame() => {
                    let Some(frame) = frame else { return };
                    if frame["reply_to"].is_string() && in_flight.as_deref() == frame["reply_to"].as_str() {
                        in_flight = None;
                        self.acknowledge(&frame);
                    } else {
                        self.hear(&frame);
                    }
                }
                _ = ticks.tick() => {
                    if in_flight.is_none() && let Some(message) = self.next_message() {
                        in_flight = Some(live.send("message.send", message).await);
                    }
                }
            }
        }
        live.close().await;
    }

    /// What was not acknowledged, or something new.
    fn next_message(&mut self) -> Option<Value> {
        let is_open = self.diary.sent.last().is_some_and(|last| last.seq.is_none());
        if !is_open {
            if *self.phase.borrow() != Phase::Talking {
                return None;
            }
            let number = self.diary.sent.len();
            self.diary.sent.push(Sent {
                room: self.rooms[number % self.rooms.len()].clone(),
                body: format!("{} {number} at {}", self.person.username, self.begun.elapsed().as_millis()),
                client_msg_id: Uuid::new_v4(),
                seq: None,
            });
        }
        let Sent { room, body, client_msg_id, .. } = self.diary.sent.last()?;
        Some(json!({"room_id": room, "body": body, "client_msg_id": client_msg_id}))
    }

    fn acknowledge(&mut self, reply: &Value) {
        if reply["ok"] == true {
            self.diary.sent.last_mut().unwrap().seq = reply["data"]["seq"].as_u64();
        } else {
            let code = reply["error"]["code"].as_str().unwrap();
            let may_be_repeated =
                ["storage-unavailable", "overloaded", "auth-unavailable", "draining", "rate-limited"].contains(&code);
            assert!(may_be_repeated, "refused for good: {reply}");
        }
    }

    /// Notes an event of a log, each of which must be the next one of its room.
    fn hear(&mut self, frame: &Value) {
        let (Some(room), Some(seq)) = (frame["room_id"].as_str(), frame["seq"].as_u64()) else { return };
        if !self.rooms.iter().any(|mine| mine == room) {
            return;
        }
        if let Some(before) = self.cursor(room) {
            assert_eq!(seq, before + 1, "{} heard {seq} after {before}", self.person.username);
        }
        if let Some((_, sent_at)) = frame["data"]["body"].as_str().and_then(|body| body.rsplit_once(" at ")) {
            let sent_at = Duration::from_millis(sent_at.parse().unwrap());
            self.diary.delays.push(self.begun.elapsed().saturating_sub(sent_at));
        }
        self.diary.heard.entry(room.to_owned()).or_default().push(frame.clone());
    }

    /// Whether everything that was sent is acknowledged.
    pub(crate) fn is_settled(diary: &Diary) -> bool {
        diary.sent.iter().all(|sent| sent.seq.is_some())
    }
}

async fn pause() {
    let mut ticks = interval(PACE);
    ticks.tick().await;
    ticks.tick().await;
}
