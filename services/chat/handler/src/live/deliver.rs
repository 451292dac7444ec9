//! An event on its way to those who follow its room: in the order of the log, and from the store when the bus has not
//! brought it.
//!
//! Each worker keeps one place for each room, up to which everyone who keeps up has everything. Nodes publish on their
//! own, so a newer event may well come before an older one: it waits for it, first a moment for the bus, then for the
//! store. What is fetched then is fetched once for all, not once for each socket.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt;
use chat_entity::Seq;
use contract::frames::close;
use indexmap::IndexMap;
use kernel::RoomId;

use super::envelope;
use super::fanout::Delivery;
use super::outbox::Overflow;
use super::shard::Shard;
use super::socket::{Ending, Socket};

/// How long the bus may take to bring what another node has published just before. Two nodes' messages overtake each
/// other by less than a round trip, and a question to the store costs more than this wait.
const GRACE: Duration = Duration::from_millis(15);
/// Events of one room that may wait for an older one; the store has those beyond.
const MAX_EARLY: usize = 256;
/// The first pause after the store has failed; it doubles.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause: a store that is back has five seconds to be noticed.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// A room that sockets of this worker follow.
pub(super) struct Followed {
    /// Everyone who is not behind has everything up to here.
    latest: Seq,
    /// The newest event that this worker has heard of.
    heard_of: Seq,
    /// Events that have come before an older one.
    early: BTreeMap<Seq, Delivery>,
    /// Whether a task fetches what is missing.
    is_filling: bool,
    pub(super) followers: IndexMap<u64, Follower>,
}

/// A socket's place in a room.
pub(super) struct Follower {
    pub(super) socket: Rc<Socket>,
    /// The event that it gets next.
    pub(super) next: Seq,
    /// The head of the log when the user was seen to be in the room: an earlier leaving is history.
    pub(super) since: Seq,
    /// Whether events come from the store for this socket alone, because it does not keep up or is still resuming.
    pub(super) is_behind: bool,
}

/// Whom a delivery did not simply reach. Hardly ever anybody.
#[derive(Default)]
struct Given {
    /// Their queues are full.
    slow: Vec<Rc<Socket>>,
    /// They began to follow in the middle of it, and get their part from the store.
    partly: Vec<Rc<Socket>>,
}

impl Followed {
    /// A room whose log has this head, and whom nobody has followed yet.
    pub(super) fn from(head: Seq) -> Self {
        Self { latest: head, heard_of: head, early: BTreeMap::new(), is_filling: false, followers: IndexMap::new() }
    }

    /// Up to where everyone who is not behind has everything; what is beyond it in the store was missed.
    pub(super) fn latest(&self) -> Seq {
        self.latest
    }

    /// Notes how far the log reaches. `true` when somebody must fetch what is missing.
    fn hear_of(&mut self, head: Seq) -> bool {
        self.heard_of = self.heard_of.max(head);
        self.heard_of > self.latest && !std::mem::replace(&mut self.is_filling, true)
    }

    /// Keeps an event that has come too early.
    fn keep(&mut self, delivery: Delivery) -> bool {
        let last = delivery.last;
        if self.early.len() < MAX_EARLY {
            self.early.insert(delivery.seq, delivery);
        }
        self.hear_of(last)
    }

    /// What comes next, if it has come already. What begins before that is no use: the store has the rest of it.
    fn take_early(&mut self) -> Option<Delivery> {
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() > self.latest.next() {
                return None;
            }
            let delivery = entry.remove();
            if delivery.seq > self.latest {
                return Some(delivery);
            }
        }
        None
    }

    /// Gives what comes next to everyone who keeps up, and says who has not taken it, and who needs only a part of it.
    fn give(&mut self, delivery: &Delivery) -> Given {
        self.latest = delivery.last;
        self.heard_of = self.heard_of.max(delivery.last);
        let mut given = Given::default();
        for follower in self.followers.values_mut() {
            // Who is behind gets it from the store; who began to follow later has it already.
            if follower.is_behind || delivery.last < follower.next {
                continue;
            }
            if delivery.seq < follower.next {
                follower.is_behind = true;
                given.partly.push(Rc::clone(&follower.socket));
                continue;
            }
            follower.next = delivery.last.next();
            if let Err(Overflow) = follower.socket.outbox.push(delivery.frame.clone()) {
                given.slow.push(Rc::clone(&follower.socket));
            }
        }
        given
    }

    /// Those with so much waiting already that a page more could close them: each goes on at its own pace.
    fn set_aside_the_slow(&mut self) -> Vec<Rc<Socket>> {
        let slow = self.followers.values_mut().filter(|one| !one.is_behind && !one.socket.outbox.keeps_up());
        slow.map(|follower| {
            follower.is_behind = true;
            Rc::clone(&follower.socket)
        })
        .collect()
    }
}

impl Shard {
    /// Takes an event from the bus or from the store.
    pub(super) fn deliver(self: &Rc<Self>, delivery: Delivery) {
        let room = delivery.room;
        let mut ready = Some(delivery);
        while let Some(delivery) = ready.take() {
            let mut given = Given::default();
            if let Some(followed) = self.rooms.borrow_mut().get_mut(&room) {
                let next = followed.latest.next();
                if delivery.seq > next {
                    if followed.keep(delivery) {
                        rt::spawn(Rc::clone(self).fill(room));
                    }
                    return;
                }
                if delivery.seq == next {
                    given = followed.give(&delivery);
                    ready = followed.take_early();
                } else if followed.hear_of(delivery.last) {
                    // Its beginning is known, its end is not.
                    rt::spawn(Rc::clone(self).fill(room));
                }
            }
            for socket in given.partly {
                self.catch_up(&socket, room);
            }
            for socket in given.slow {
                self.close(&socket, &Ending::new(close::TOO_SLOW, "the connection is too slow; resume"));
            }
            if let Some(user) = delivery.left {
                self.user_left(user, room, delivery.seq);
            }
        }
    }

    /// Rooms that reach further than this worker has heard, perhaps: those who follow them get what is missing.
    pub(super) fn heard_of(self: &Rc<Self>, heads: &[(RoomId, Seq)]) {
        for (room, head) in heads {
            let must_fill = self.rooms.borrow_mut().get_mut(room).is_some_and(|followed| followed.hear_of(*head));
            if must_fill {
                rt::spawn(Rc::clone(self).fill(*room));
            }
        }
    }

    /// Fetches what the bus has not brought, for all followers at once, until nothing is missing.
    async fn fill(self: Rc<Self>, room: RoomId) {
        // What the store has just told of may be on the bus at this moment, in a busy room it always is.
        tokio::time::sleep(GRACE).await;
        let mut pause = FIRST_PAUSE;
        while let Some(after) = self.missing_after(room) {
            let fetched = self.live.chat.tail(room, after, self.live.settings.replay_page).await;
            // Time has passed: a process that was stopped meanwhile tells nobody anything before it knows whom it may.
            self.be_sure_of_sessions().await;
            match fetched {
                Ok(events) if !events.is_empty() => {
                    pause = FIRST_PAUSE;
                    let slow = self.rooms.borrow_mut().get_mut(&room).map(Followed::set_aside_the_slow);
                    for socket in slow.into_iter().flatten() {
                        self.catch_up(&socket, room);
                    }
                    for event in &events {
                        self.deliver(envelope::delivery_of(event));
                    }
                    // What was queued is written before more is queued.
                    self.writes.turn().await;
                    continue;
                }
                Ok(_) => tracing::warn!(%room, after = after.get(), "the store does not have what was announced"),
                Err(error) => tracing::warn!(%error, "what the bus has not brought waits for the store"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// From where on events are missing; `None`, and nobody fetches any more, when none are.
    fn missing_after(&self, room: RoomId) -> Option<Seq> {
        let mut rooms = self.rooms.borrow_mut();
        let followed = rooms.get_mut(&room)?;
        followed.is_filling = followed.heard_of > followed.latest;
        followed.is_filling.then_some(followed.latest)
    }
}
