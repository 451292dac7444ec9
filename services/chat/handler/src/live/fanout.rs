//! From the bus to the workers: what each shard must hear, in one message for a whole batch.
//!
//! This is the only part of the hub that threads share. A shard that cannot keep up is told less, never waited for: it
//! asks the store instead.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bus::{Bus, Message};
use bytes::Bytes;
use chat_entity::Seq;
use contract::events::{
    JOINED_TOPIC, LOG_TOPIC, PASSING_TOPIC, PRESENCE_TOPIC, SESSIONS_TOPIC, SessionEndReason, SessionEnded,
};
use kernel::{RoomId, SessionId, Timestamp, UserId};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use super::envelope;

/// Notes that may wait for one shard.
const NOTES: usize = 4_096;
/// Shards that a room's interest can name: one bit each.
const MAX_SHARDS: usize = 64;

/// A committed event on its way to sockets, or several that follow each other in one room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delivery {
    /// The room.
    pub(super) room: RoomId,
    /// The first one's place in the room's log.
    pub(super) seq: Seq,
    /// The last one's place.
    pub(super) last: Seq,
    /// Who has left the room with it.
    pub(super) left: Option<UserId>,
    /// The encoded frames, shared by all who get them.
    pub(super) frame: Bytes,
}

/// Somebody has joined a room, whom other nodes of this user must let follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joining {
    pub(super) user: UserId,
    pub(super) room: RoomId,
    /// Where in the room's log: what the log says of the user before that is history.
    pub(super) seq: Seq,
}

/// Something that passes, on its way to sockets.
#[derive(Clone, Debug)]
pub(super) struct PassingDelivery {
    /// The room.
    pub(super) room: RoomId,
    /// Who in the room is told.
    pub(super) audience: Audience,
    /// The encoded frame.
    pub(super) frame: Bytes,
}

/// Changed presence on its way to sockets: to all that follow one of the rooms, each once.
#[derive(Clone, Debug)]
pub(super) struct PresenceDelivery {
    /// Whose.
    pub(super) user: UserId,
    /// Of two about one user the later holds.
    pub(super) seen_at: Timestamp,
    /// The rooms that the user is in; those that somebody here follows, once it is on its way to the shards.
    pub(super) rooms: Vec<RoomId>,
    /// The encoded frame.
    pub(super) frame: Bytes,
}

/// Who in a room is told of something that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody.
    Room,
    /// Everybody but the user whom it is about.
    RoomWithout(UserId),
    /// This user's own sockets.
    Only(UserId),
}

/// What a shard is told.
#[derive(Debug)]
pub(super) enum Note {
    Log(Vec<Delivery>),
    /// Users who have joined rooms.
    Joined(Vec<Joining>),
    Passing(Vec<PassingDelivery>),
    Presence(Vec<Arc<PresenceDelivery>>),
    SessionEnded(SessionId, SessionEndReason),
    /// Close every socket, over the time it takes so many to come back; say when all are gone.
    Drain(mpsc::Sender<()>),
}

/// A shard's end of the notes.
pub(super) struct Inbox {
    pub(super) notes: mpsc::Receiver<Note>,
    pub(super) missed: Arc<Missed>,
    pub(super) number: usize,
}

/// Says that a shard was not told something, so that it asks the store at once.
#[derive(Default)]
pub(super) struct Missed {
    happened: AtomicBool,
    pub(super) wake: Notify,
}

impl Missed {
    pub(super) fn note(&self) {
        self.happened.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Whether it has happened since the last [`take`](Self::take).
    pub(super) fn has_happened(&self) -> bool {
        self.happened.load(Ordering::Acquire)
    }

    pub(super) fn take(&self) -> bool {
        self.happened.swap(false, Ordering::AcqRel)
    }
}

struct ShardHandle {
    notes: mpsc::Sender<Note>,
    missed: Arc<Missed>,
}

/// Knows the shards, which rooms each follows, and how many sockets each user has on this node.
pub struct Fanout {
    bus: Arc<dyn Bus>,
    shards: RwLock<Vec<ShardHandle>>,
    /// For each followed room the shards that follow it, one bit each.
    interest: RwLock<HashMap<RoomId, u64>>,
    sockets: Mutex<HashMap<UserId, u32>>,
    /// How often a session was told to have ended, or such news may have been lost.
    endings: AtomicU64,
}

impl Fanout {
    /// A fan-out without shards that hears what the bus says.
    pub fn on(bus: &Arc<dyn Bus>) -> Arc<Self> {
        let fanout = Arc::new(Self {
            bus: Arc::clone(bus),
            shards: RwLock::default(),
            interest: RwLock::default(),
            sockets: Mutex::default(),
            endings: AtomicU64::new(0),
        });
        // The bus outlives nobody for our sake.
        let hearing = |hear: fn(&Self, &[Message])| {
            let fanout = Arc::downgrade(&fanout);
            Box::new(move |batch: &[Message]| {
                if let Some(fanout) = fanout.upgrade() {
                    hear(&fanout, batch);
                }
            })
        };
        bus.subscribe(LOG_TOPIC, hearing(Self::hear_log));
        bus.subscribe(JOINED_TOPIC, hearing(Self::hear_joined));
        bus.subscribe(PASSING_TOPIC, hearing(Self::hear_passing));
        bus.subscribe(PRESENCE_TOPIC, hearing(Self::hear_presence));
        bus.subscribe(SESSIONS_TOPIC, hearing(Self::hear_sessions));
        let troubled = Arc::downgrade(&fanout);
        bus.on_trouble(Box::new(move || {
            if let Some(fanout) = troubled.upgrade() {
                fanout.endings.fetch_add(1, Ordering::Release);
                fanout.note_missed();
            }
        }));
        fanout
    }

    fn hear_log(&self, batch: &[Message]) {
        self.log(batch.iter().filter_map(|message| envelope::to_delivery(&message.payload)));
    }

    fn hear_joined(&self, batch: &[Message]) {
        let joined: Vec<_> = batch.iter().filter_map(|message| envelope::to_joining(&message.payload)).collect();
        self.tell_all(|| Note::Joined(joined.clone()));
    }

    fn hear_passing(&self, batch: &[Message]) {
        let passing: Vec<_> = batch.iter().filter_map(|message| envelope::to_passing(&message.payload)).collect();
        self.tell_all(|| Note::Passing(passing.clone()));
    }

    /// Passes changed presence on to the shards that follow one of the user's rooms.
    fn hear_presence(&self, batch: &[Message]) {
        let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
        let mut batches: Vec<Vec<Arc<PresenceDelivery>>> = shards.iter().map(|_| Vec::new()).collect();
        for mut delivery in batch.iter().filter_map(|message| envelope::to_presence(&message.payload)) {
            let mut following = 0;
            {
                let interest = self.interest.read().unwrap_or_else(PoisonError::into_inner);
                delivery.rooms.retain(|room| {
                    let shards = interest.get(room).copied().unwrap_or(0);
                    following |= shards;
                    shards != 0
                });
            }
            let delivery = Arc::new(delivery);
            for (number, batch) in batches.iter_mut().enumerate() {
                if following & (1 << number) != 0 {
                    batch.push(Arc::clone(&delivery));
                }
            }
        }
        for (shard, batch) in shards.iter().zip(batches) {
            if !batch.is_empty() {
                shard.tell(Note::Presence(batch));
            }
        }
    }

    fn hear_sessions(&self, batch: &[Message]) {
        // Before the shards are told: whoever is not among their sockets yet looks here afterwards.
        self.endings.fetch_add(1, Ordering::Release);
        for message in batch {
            if let Ok(ended) = serde_json::from_slice::<SessionEnded>(&message.payload) {
                self.tell_all(|| Note::SessionEnded(ended.session_id, ended.reason));
            }
        }
    }

    /// Lets every shard ask the store at once.
    fn note_missed(&self) {
        for shard in self.shards.read().unwrap_or_else(PoisonError::into_inner).iter() {
            shard.missed.note();
        }
    }

    /// Returns when other nodes' news of every room and user that is followed by now comes in; at once while the bus is
    /// away.
    pub(super) async fn settled(&self) {
        self.bus.settled().await;
    }

    /// A number that has moved on when any session was told to have ended since it was looked at last, or when such news
    /// may have been lost. While it stands still, whoever was found to be alive then still is, as far as this node can know.
    pub(super) fn endings(&self) -> u64 {
        self.endings.load(Ordering::Acquire)
    }

    /// Says that a shard has written what it was told of: other nodes may be told now.
    pub(super) fn delivered(&self) {
        self.bus.delivered();
    }

    /// Passes committed events on to the shards that follow their rooms or have sockets of whoever came or went.
    fn log(&self, deliveries: impl Iterator<Item = Delivery>) {
        let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
        let mut batches: Vec<Vec<Delivery>> = shards.iter().map(|_| Vec::new()).collect();
        {
            let interest = self.interest.read().unwrap_or_else(PoisonError::into_inner);
            for delivery in deliveries {
                // Whoever goes may have a socket that is about to follow the room, on a shard where nobody does yet.
                let everywhere = delivery.left.is_some();
                let followed = if everywhere { u64::MAX } else { interest.get(&delivery.room).copied().unwrap_or(0) };
                for (number, batch) in batches.iter_mut().enumerate() {
                    if followed & (1 << number) != 0 {
                        batch.push(delivery.clone());
                    }
                }
            }
        }
        for (shard, batch) in shards.iter().zip(batches) {
            if !batch.is_empty() {
                shard.tell(Note::Log(batch));
            }
        }
    }

    fn tell_all(&self, note: impl Fn() -> Note) {
        for shard in self.shards.read().unwrap_or_else(PoisonError::into_inner).iter() {
            shard.tell(note());
        }
    }

    /// Closes every socket with 4400 and returns when they are gone. Ends by itself: each socket has a deadline.
    pub async fn drain(&self) {
        let (done, mut all_done) = mpsc::channel(1);
        let notes: Vec<_> = {
            let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
            shards.iter().map(|shard| shard.notes.clone()).collect()
        };
        for shard in notes {
            // A shard whose worker has ended has no sockets.
            let _ = shard.send(Note::Drain(done.clone())).await;
        }
        drop(done);
        while all_done.recv().await.is_some() {}
    }

    /// Makes the inbox of one more shard; `None` when there are as many as can be told apart.
    pub(super) fn add_shard(&self) -> Option<Inbox> {
        let mut shards = self.shards.write().unwrap_or_else(PoisonError::into_inner);
        let number = shards.len();
        if number >= MAX_SHARDS {
            return None;
        }
        let (notes, inbox) = mpsc::channel(NOTES);
        let missed = Arc::<Missed>::default();
        shards.push(ShardHandle { notes, missed: Arc::clone(&missed) });
        Some(Inbox { notes: inbox, missed, number })
    }

    /// From now on the shard hears of the room.
    pub(super) fn follow(&self, room: RoomId, shard: usize) {
        let mut interest = self.interest.write().unwrap_or_else(PoisonError::into_inner);
        let shards = interest.entry(room).or_default();
        if *shards == 0 {
            self.bus.listen(envelope::room_channel(room));
        }
        *shards |= 1 << shard;
    }

    /// From now on the shard does not hear of the room.
    pub(super) fn unfollow(&self, room: RoomId, shard: usize) {
        let mut interest = self.interest.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(shards) = interest.get_mut(&room) {
            *shards &= !(1 << shard);
            if *shards == 0 {
                interest.remove(&room);
                self.bus.ignore(envelope::room_channel(room));
            }
        }
    }

    /// Counts a socket of a user in; `false` when the user has `max` already.
    pub(super) fn count_in(&self, user: UserId, max: Option<u32>) -> bool {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sockets.entry(user).or_default();
        if max.is_some_and(|max| *count >= max) {
            return false;
        }
        if *count == 0 {
            self.bus.listen(envelope::user_channel(user));
        }
        *count += 1;
        true
    }

    /// Counts a socket of a user out.
    pub(super) fn count_out(&self, user: UserId) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = sockets.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                sockets.remove(&user);
                self.bus.ignore(envelope::user_channel(user));
            }
        }
    }

    /// Sockets that are open on this node.
    pub fn open_sockets(&self) -> usize {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.values().map(|count| *count as usize).sum()
    }
}

impl ShardHandle {
    fn tell(&self, note: Note) {
        match self.notes.try_send(note) {
            // What passes may be missed, and a worker that has ended has nobody to tell.
            Ok(()) | Err(TrySendError::Full(Note::Passing(_) | Note::Presence(_)) | TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(_)) => self.missed.note(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus::{Channel, LocalBus};

    #[test]
    fn whoever_has_just_been_let_in_can_tell_that_a_session_has_ended_meanwhile() {
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
        let fanout = Fanout::on(&bus);
        let before = fanout.endings();
        let publish = |topic, payload: &'static [u8]| {
            bus.publish(topic, &[Message { channel: Channel::Everyone, payload: Bytes::from_static(payload) }]);
        };
        publish(PRESENCE_TOPIC, b"{}");
        assert_eq!(fanout.endings(), before, "nothing was said of a session");
        // Also when it is of a version that this one does not understand.
        publish(SESSIONS_TOPIC, b"{}");
        assert_ne!(fanout.endings(), before);
    }
}
