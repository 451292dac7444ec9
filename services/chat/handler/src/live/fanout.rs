//! From the bus to the workers: what each shard must hear, in one message for a whole batch.
//!
//! This is the only part of the hub that threads share. A shard that cannot keep up is told less, never waited for: it
//! asks the store instead.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bus::Bus;
use bytes::Bytes;
use chat_entity::Seq;
use contract::events::{LOG_TOPIC, PASSING_TOPIC, SESSIONS_TOPIC, SessionEndReason, SessionEnded};
use kernel::{RoomId, SessionId, UserId};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use super::envelope;

/// Notes that may wait for one shard.
const NOTES: usize = 4_096;
/// Shards that a room's interest can name: one bit each.
const MAX_SHARDS: usize = 64;

/// A committed event on its way to sockets.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The room.
    pub room: RoomId,
    /// Its place in the room's log.
    pub seq: Seq,
    /// Whether it changes who is in the room.
    pub membership: Option<Membership>,
    /// The encoded frame, shared by all who get it.
    pub frame: Bytes,
}

/// A change of who is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// This user came.
    Joined(UserId),
    /// This user went.
    Left(UserId),
}

/// Something that passes, on its way to sockets.
#[derive(Clone, Debug)]
pub struct PassingDelivery {
    /// The room.
    pub room: RoomId,
    /// Who in the room is told.
    pub audience: Audience,
    /// The encoded frame.
    pub frame: Bytes,
}

/// Who in a room is told of something that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
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
    Passing(Vec<PassingDelivery>),
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
    fn note(&self) {
        self.happened.store(true, Ordering::Release);
        self.wake.notify_one();
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
#[derive(Default)]
pub struct Fanout {
    shards: RwLock<Vec<ShardHandle>>,
    /// For each followed room the shards that follow it, one bit each.
    interest: RwLock<HashMap<RoomId, u64>>,
    sockets: Mutex<HashMap<UserId, u32>>,
}

impl Fanout {
    /// A fan-out without shards that hears what the bus says.
    pub fn on(bus: &dyn Bus) -> Arc<Self> {
        let fanout = Arc::new(Self::default());
        let hears = Arc::clone(&fanout);
        let log = move |batch: &[Bytes]| hears.log(batch.iter().filter_map(envelope::to_delivery));
        bus.subscribe(LOG_TOPIC, Box::new(log));
        let hears = Arc::clone(&fanout);
        let passing =
            move |batch: &[Bytes]| hears.passing(&batch.iter().filter_map(envelope::to_passing).collect::<Vec<_>>());
        bus.subscribe(PASSING_TOPIC, Box::new(passing));
        let hears = Arc::clone(&fanout);
        let sessions = move |batch: &[Bytes]| {
            for ended in batch.iter().filter_map(|bytes| serde_json::from_slice::<SessionEnded>(bytes).ok()) {
                hears.tell_all(|| Note::SessionEnded(ended.session_id, ended.reason));
            }
        };
        bus.subscribe(SESSIONS_TOPIC, Box::new(sessions));
        fanout
    }

    /// Passes committed events on to the shards that follow their rooms or have sockets of whoever came or went.
    fn log(&self, deliveries: impl Iterator<Item = Delivery>) {
        let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
        let mut batches: Vec<Vec<Delivery>> = shards.iter().map(|_| Vec::new()).collect();
        {
            let interest = self.interest.read().unwrap_or_else(PoisonError::into_inner);
            for delivery in deliveries {
                // Whoever comes or goes may have sockets on a shard where nobody follows the room yet.
                let everywhere = delivery.membership.is_some();
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

    fn passing(&self, deliveries: &[PassingDelivery]) {
        self.tell_all(|| Note::Passing(deliveries.to_vec()));
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
        *self.interest.write().unwrap_or_else(PoisonError::into_inner).entry(room).or_default() |= 1 << shard;
    }

    /// From now on the shard does not hear of the room.
    pub(super) fn unfollow(&self, room: RoomId, shard: usize) {
        let mut interest = self.interest.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(shards) = interest.get_mut(&room) {
            *shards &= !(1 << shard);
            if *shards == 0 {
                interest.remove(&room);
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
            Ok(()) | Err(TrySendError::Full(Note::Passing(_)) | TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(_)) => self.missed.note(),
        }
    }
}
