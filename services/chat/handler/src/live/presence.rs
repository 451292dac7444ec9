//! Keeps up the leases of a worker's sockets, and tells the sockets whose presence has changed: both in batches, so that a
//! crowd that comes at once costs no more than it must.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chat_entity::PresenceStatus;
use chat_usecase::port::{LONGEST_LEASE, Lease};
use indexmap::IndexMap;
use kernel::{RoomId, UserId};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::fanout::PresenceDelivery;
use super::shard::Shard;
use super::socket::Socket;

/// How long a first lease may wait for others that are due, and what a client says right after `start` for it.
const GATHER: Duration = Duration::from_millis(50);
/// Leases that are renewed in one question.
const AT_ONCE: usize = 100;
/// Leases of sockets that have ended, while nobody can be told of them. What is beyond ends by itself.
const MAX_ENDED: usize = 10_000;
/// Users whose change may wait to be told; what is beyond is not told.
const MAX_NEWS: usize = 1_000;
/// How often news are told at most.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// Sockets that a worker tells in a second, in the long run: each is a write of some 8 µs, so it has five sixths of its time for
/// what must not wait, however many come and go.
const TOLD_PER_SECOND: usize = 20_000;
/// Followers who are looked at in the time of a write: those of many rooms are mostly the same.
const LOOKS_FOR_A_WRITE: usize = 64;
/// Bytes of news that are told together: more than those of as many users as are told of together, mostly.
const MAX_PIECE: usize = 16 * 1024;
/// Users who are told of together: each has a bit in [`Mask`].
const MAX_TOGETHER: usize = Mask::BITS as usize;

/// Which of the users who are told of together.
pub(super) type Mask = u64;

/// A socket's lease as its worker knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LeaseState {
    /// It has not started, or has ended.
    None,
    /// It has something new to say.
    News,
    /// It was noted, and is to be renewed at this time.
    Due(Instant),
}

/// Leases of sockets that have ended, which last a little longer.
#[derive(Default)]
pub(super) struct Outgoing {
    ended: RefCell<Vec<Lease>>,
    wake: Notify,
}

/// Users whose presence has changed, the longest known first; what is newer of a user takes the place of what is older.
#[derive(Default)]
pub(super) struct News {
    waiting: RefCell<IndexMap<UserId, Arc<PresenceDelivery>>>,
    wake: Notify,
}

impl News {
    pub(super) fn add(&self, batch: Vec<Arc<PresenceDelivery>>) {
        let mut waiting = self.waiting.borrow_mut();
        for delivery in batch {
            let is_full = waiting.len() >= MAX_NEWS;
            match waiting.get_mut(&delivery.user) {
                Some(known) if known.seen_at <= delivery.seen_at => *known = delivery,
                // Two nodes have told of it, and the later one was heard first.
                Some(_) => {}
                None if is_full => tracing::debug!("too many users come and go; some are not told of"),
                None => drop(waiting.insert(delivery.user, delivery)),
            }
        }
        self.wake.notify_one();
    }

    /// Those who have waited longest, as many as are told of together.
    fn take(&self) -> Vec<Arc<PresenceDelivery>> {
        let mut waiting = self.waiting.borrow_mut();
        let mut bytes = 0;
        let fits = waiting.values().take(MAX_TOGETHER).take_while(|news| {
            bytes += news.frame.len();
            bytes <= MAX_PIECE
        });
        let count = fits.count().max(1).min(waiting.len());
        waiting.drain(..count).map(|(_, news)| news).collect()
    }
}

/// A piece of the news of those users whom the mask has.
fn piece_of(news: &[Arc<PresenceDelivery>], mask: Mask) -> Bytes {
    let chosen =
        || news.iter().enumerate().filter(|(number, _)| mask & (1 << number) != 0).map(|(_, news)| &news.frame);
    let mut piece = BytesMut::with_capacity(chosen().map(Bytes::len).sum());
    chosen().for_each(|frame| piece.extend_from_slice(frame));
    piece.freeze()
}

/// How long to wait after so many sockets have been told.
fn pause_after(told: usize) -> Duration {
    TELL_EVERY.max(Duration::from_secs_f64(told as f64 / TOLD_PER_SECOND as f64))
}

impl Shard {
    /// A socket has started: its user is there.
    pub(super) fn begin_lease(&self, socket: &Socket) {
        socket.lease.set(LeaseState::News);
        self.outgoing.wake.notify_one();
    }

    /// A socket says how present its user is. It returns when the others can know, if they can at all.
    pub(super) async fn say(&self, socket: &Socket, status: PresenceStatus) {
        socket.status.set(status);
        // A lease that is held for a socket which is sent away stays as it is.
        if socket.is_started() && !socket.is_draining.get() {
            socket.lease.set(LeaseState::News);
            self.renew_leases(&[socket]).await;
        }
    }

    /// Somebody asks who is there: they are, even if they have just come.
    pub(super) async fn note_own_presence(&self, socket: &Socket) {
        if socket.lease.get() == LeaseState::News {
            self.renew_leases(&[socket]).await;
        }
    }

    /// A socket is gone: its user may come back in a moment. One that the server sent away has got longer already.
    pub(super) fn let_lease_end(&self, socket: &Socket) {
        let had = socket.lease.replace(LeaseState::None);
        let mut ended = self.outgoing.ended.borrow_mut();
        if had != LeaseState::None && !socket.is_draining.get() && ended.len() < MAX_ENDED {
            ended.push(self.last_lease(socket, self.live.settings.presence_grace));
            self.outgoing.wake.notify_one();
        }
    }

    /// Lets the users of these sockets, which are sent away, count as there until they should be back.
    pub(super) async fn hold_leases(&self, sockets: &[Rc<Socket>]) {
        let lasts = self.spread.get() + self.live.settings.presence_grace;
        let held = sockets.iter().filter(|socket| socket.lease.replace(LeaseState::None) != LeaseState::None);
        let leases: Vec<Lease> = held.map(|socket| self.last_lease(socket, lasts)).collect();
        for some in leases.chunks(AT_ONCE) {
            self.live.chat.renew_presence(some).await;
        }
    }

    fn last_lease(&self, socket: &Socket, lasts: Duration) -> Lease {
        let until = self.live.clock.now().plus(lasts.min(LONGEST_LEASE));
        Lease { is_open: false, is_news: true, until, ..self.lease(socket) }
    }

    fn lease(&self, socket: &Socket) -> Lease {
        Lease {
            user: socket.principal.user_id,
            connection: socket.id,
            status: socket.status.get(),
            is_open: true,
            is_news: socket.lease.get() == LeaseState::News,
            until: self.live.clock.now().plus(self.live.settings.presence_lease),
        }
    }

    /// Renews leases for as long as the worker lives; the first one of a node also looks for those that nobody renews.
    pub(super) async fn keep_leases(self: Rc<Self>) {
        let looks_for_ended = self.number.get() == Some(&0);
        let tick = self.live.settings.tick;
        let mut look_at = Instant::now() + tick;
        loop {
            // After a pause, whose session has ended meanwhile is not there.
            self.be_sure_of_sessions().await;
            tokio::select! {
                () = tokio::time::sleep(tick) => {}
                () = self.outgoing.wake.notified() => tokio::time::sleep(GATHER).await,
            }
            let ended = std::mem::take(&mut *self.outgoing.ended.borrow_mut());
            for some in ended.chunks(AT_ONCE) {
                self.live.chat.renew_presence(some).await;
            }
            let now = Instant::now();
            let is_due = |socket: &Rc<Socket>| match socket.lease.get() {
                LeaseState::None => false,
                LeaseState::News => true,
                LeaseState::Due(at) => at <= now,
            };
            let mut due = self.all_sockets();
            due.retain(is_due);
            for some in due.chunks(AT_ONCE) {
                self.renew_leases(&some.iter().map(Rc::as_ref).collect::<Vec<_>>()).await;
            }
            // Not whenever somebody comes or goes: it is a question to all leases.
            if looks_for_ended && look_at <= Instant::now() {
                look_at = Instant::now() + tick;
                self.live.chat.tell_ended_presence().await;
            }
        }
    }

    async fn renew_leases(&self, sockets: &[&Socket]) {
        // Those that have ended while others were renewed are not brought back.
        let open = sockets.iter().filter(|socket| socket.lease.get() != LeaseState::None);
        let leases: Vec<Lease> = open
            .map(|socket| {
                let lease = self.lease(socket);
                socket.lease.set(LeaseState::Due(self.next_renewal(socket)));
                lease
            })
            .collect();
        self.live.chat.renew_presence(&leases).await;
    }

    /// A third of the lease, or a little less: whatever came at once is spread in a few rounds.
    fn next_renewal(&self, socket: &Socket) -> Instant {
        let part = f64::from(socket.id.as_bytes()[15]) / 256.0;
        Instant::now() + self.live.settings.presence_lease.div_f64(3.0).mul_f64(1.0 - 0.2 * part)
    }

    /// Tells the sockets what is waiting, a part of it at a time.
    pub(super) async fn tell_presence(self: Rc<Self>) {
        loop {
            self.news.wake.notified().await;
            let mut told = 0;
            // As many as the shortest pause makes up for, or those whom one more piece is for.
            while pause_after(told) == TELL_EVERY {
                // Others have their turn between two pieces.
                tokio::task::yield_now().await;
                self.be_sure_of_sessions().await;
                let news = self.news.take();
                if news.is_empty() {
                    break;
                }
                told += self.pass_presence(&news);
            }
            if !self.news.waiting.borrow().is_empty() {
                self.news.wake.notify_one();
            }
            tokio::time::sleep(pause_after(told)).await;
        }
    }

    /// Tells each socket, in one piece, of those users with whom its own shares a room. Gives how many were told, and
    /// what else it cost as as many more.
    fn pass_presence(&self, news: &[Arc<PresenceDelivery>]) -> usize {
        let rooms = self.rooms.borrow();
        let mut concerned: IndexMap<RoomId, Mask> = IndexMap::new();
        for (number, one) in news.iter().enumerate() {
            for room in one.rooms.iter().filter(|room| rooms.contains_key(room)) {
                *concerned.entry(*room).or_default() |= 1 << number;
            }
        }
        let mut followed: Vec<_> =
            concerned.iter().filter_map(|(room, mask)| Some((rooms.get(room)?, *mask))).collect();
        // A room that all are in comes first: of those whom it hears of, nobody is left to be told.
        followed.sort_unstable_by_key(|(followed, _)| std::cmp::Reverse(followed.followers.len()));
        let all = self.sockets.borrow().len();
        let mut everybody_hears: Mask = 0;
        let mut told: Vec<&Rc<Socket>> = Vec::new();
        let mut looked_at = 0;
        for (followed, mask) in followed {
            if mask & !everybody_hears == 0 {
                continue;
            }
            looked_at += followed.followers.len();
            for follower in followed.followers.values() {
                if follower.socket.news.get() == 0 {
                    told.push(&follower.socket);
                }
                follower.socket.news.set(follower.socket.news.get() | mask);
            }
            if followed.followers.len() >= all {
                everybody_hears |= mask;
            }
        }
        // Most have the same rooms in common with those who have changed, and share one piece.
        let mut pieces: HashMap<Mask, Bytes> = HashMap::new();
        for socket in &told {
            let mask = socket.news.take();
            let piece = pieces.entry(mask).or_insert_with(|| piece_of(news, mask));
            socket.outbox.push_if_keeping_up(piece.clone());
        }
        told.len() + looked_at / LOOKS_FOR_A_WRITE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    fn delivery(user: UserId, seen_at: i64) -> Arc<PresenceDelivery> {
        let seen_at = Timestamp::from_millis(seen_at);
        Arc::new(PresenceDelivery { user, seen_at, rooms: Vec::new(), frame: Bytes::new() })
    }

    #[test]
    fn of_a_user_the_latest_waits_in_the_place_of_the_first_whatever_came_first() {
        let (news, ada, bob) = (News::default(), UserId::new(), UserId::new());
        news.add(vec![delivery(ada, 5), delivery(bob, 1), delivery(ada, 7)]);
        news.add(vec![delivery(ada, 6), delivery(bob, 1)]);
        let waiting: Vec<_> = news.waiting.take().into_values().map(|news| (news.user, news.seen_at)).collect();
        assert_eq!(waiting, [(ada, Timestamp::from_millis(7)), (bob, Timestamp::from_millis(1))]);
    }

    #[test]
    fn when_as_many_wait_as_may_a_user_more_is_not_told_of_and_those_who_wait_are_kept_up_to_date() {
        let (news, first) = (News::default(), UserId::new());
        let others = (1..MAX_NEWS + 10).map(|_| delivery(UserId::new(), 1));
        news.add([delivery(first, 1)].into_iter().chain(others).collect());
        news.add(vec![delivery(first, 2)]);
        let waiting = news.waiting.take();
        assert_eq!(waiting.len(), MAX_NEWS);
        assert_eq!(waiting[&first].seen_at, Timestamp::from_millis(2));
    }

    #[test]
    fn those_who_have_waited_longest_are_told_of_together_as_many_as_fit() {
        let news = News::default();
        let change = |length: usize| {
            let frame = Bytes::from(vec![b'x'; length]);
            Arc::new(PresenceDelivery { frame, ..PresenceDelivery::clone(&delivery(UserId::new(), 1)) })
        };
        let lengths = [MAX_PIECE - 3, 1, 2, 1, 2 * MAX_PIECE, 5].into_iter().chain([0; MAX_TOGETHER]);
        news.add(lengths.map(change).collect());
        let taken = || news.take().iter().map(|news| news.frame.len()).collect::<Vec<_>>();
        assert_eq!(taken(), [MAX_PIECE - 3, 1, 2]);
        assert_eq!(taken(), [1]);
        assert_eq!(taken(), [2 * MAX_PIECE]);
        assert_eq!(taken().len(), MAX_TOGETHER);
        assert_eq!(taken(), [0]);
        assert!(taken().is_empty());
    }

    #[test]
    fn a_piece_has_the_news_that_it_is_for_in_their_order() {
        let change = |frame: &'static str| {
            let frame = Bytes::from(frame);
            Arc::new(PresenceDelivery { frame, ..PresenceDelivery::clone(&delivery(UserId::new(), 1)) })
        };
        let news = ["a", "b", "c"].map(change);
        assert_eq!(piece_of(&news, 0b101), "ac");
        assert_eq!(piece_of(&news, 0b010), "b");
    }

    #[test]
    fn the_more_sockets_are_told_the_longer_is_the_pause() {
        assert_eq!(pause_after(0), TELL_EVERY);
        assert_eq!(pause_after(1_000), TELL_EVERY);
        assert_eq!(pause_after(10_000), Duration::from_millis(500));
    }
}
