//! The hub of one worker thread: which of its sockets follow which room, and where each is in the room's log.
//!
//! It never decides who may: it is told by use cases, and by the log itself. Nothing here is shared between threads, so
//! nothing is locked, and an event crosses threads once for each worker, not once for each member.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use chat_entity::Seq;
use chat_usecase::Chat;
use contract::events::{PassingEvent, SessionEndReason};
use contract::frames::close;
use identity::Verifier;
use kernel::{Clock, RoomId, SessionId, UserId};
use limit::{LocalLimiter, RateLimiter};
use tokio::time::Instant;
use web::{AllowedOrigins, Lifecycle};

use super::deliver::{Followed, Follower};
use super::fanout::{Audience, Delivery, Fanout, Inbox, Note, PassingDelivery};
use super::frame;
use super::incoming::{ReadBuffer, read_buffer};
use super::joined::joined;
use super::presence::{News, Outgoing};
use super::settings::LiveSettings;
use super::socket::{Ending, Socket};
use super::typing::Typing;
use super::wakefulness::Wakefulness;
use super::writes::Writes;

/// Notes that are looked at together.
const NOTES_AT_ONCE: usize = 256;
/// Bytes that are queued before those who got them have been written to: all may be for the same sockets, whose queues
/// hold 1 MiB.
const QUEUED_AT_ONCE: usize = 128 * 1024;

/// What the live part of all workers stands on.
pub struct Live {
    /// The use cases.
    pub chat: Arc<Chat>,
    /// Checks tokens and sessions.
    pub verifier: Arc<Verifier>,
    /// What connects the workers.
    pub fanout: Arc<Fanout>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Limits of addresses, which nodes may share.
    pub limits: Arc<dyn RateLimiter>,
    /// Limits of sockets.
    pub socket_limits: LocalLimiter,
    /// Whether the process is about to stop.
    pub lifecycle: Lifecycle,
    /// Which pages may connect.
    pub origins: AllowedOrigins,
    /// The name of the store's history.
    pub epoch: String,
    /// Bounds and times.
    pub settings: LiveSettings,
}

/// The hub of one worker.
pub struct Shard {
    pub(super) live: Arc<Live>,
    pub(super) number: OnceCell<usize>,
    pub(super) sockets: RefCell<HashMap<u64, Rc<Socket>>>,
    pub(super) rooms: RefCell<HashMap<RoomId, Followed>>,
    users: RefCell<HashMap<UserId, Vec<Rc<Socket>>>>,
    /// Who is to be written to.
    pub(super) writes: Rc<Writes>,
    /// What is read goes through here.
    pub(super) read_buffer: ReadBuffer,
    pub(super) typing: RefCell<Typing>,
    /// Leases that are due.
    pub(super) outgoing: Outgoing,
    /// Changed presence that its sockets are to be told.
    pub(super) news: News,
    next_key: Cell<u64>,
    /// Over how long the sockets come back, once the server stops.
    pub(super) spread: Cell<Duration>,
    /// When sessions were last known to be alive.
    pub(super) verified_at: Cell<Option<Instant>>,
    /// Whether the process has been awake.
    pub(super) wakefulness: Wakefulness,
}

impl Shard {
    /// The hub of the worker that calls this.
    pub fn new(live: Arc<Live>) -> Rc<Self> {
        Rc::new(Self {
            live,
            number: OnceCell::new(),
            sockets: RefCell::default(),
            rooms: RefCell::default(),
            users: RefCell::default(),
            writes: Rc::default(),
            read_buffer: read_buffer(),
            typing: RefCell::default(),
            outgoing: Outgoing::default(),
            news: News::default(),
            next_key: Cell::new(0),
            spread: Cell::new(Duration::ZERO),
            verified_at: Cell::new(None),
            wakefulness: Wakefulness::new(),
        })
    }

    /// Starts the shard's tasks with its first socket, so that a worker without sockets does nothing at all. `false`
    /// when there are too many workers.
    pub(super) fn ensure_running(self: &Rc<Self>) -> bool {
        if self.number.get().is_some() {
            return true;
        }
        let Some(inbox) = self.live.fanout.add_shard() else { return false };
        let missed = Arc::clone(&inbox.missed);
        // Nothing runs between the look above and here: one thread, no waiting.
        let _ = self.number.set(inbox.number);
        self.wakefulness.begin();
        rt::spawn(Rc::clone(&self.writes).run());
        rt::spawn(Rc::clone(self).run(inbox));
        rt::spawn(Rc::clone(self).sweep());
        rt::spawn(Rc::clone(self).reconcile(missed));
        rt::spawn(Rc::clone(self).keep_leases());
        rt::spawn(Rc::clone(self).tell_presence());
        true
    }

    async fn run(self: Rc<Self>, mut inbox: Inbox) {
        let mut notes = Vec::new();
        let mut log = Vec::new();
        // All that has come since the last turn is queued together, so that each socket is woken and written once for it.
        while inbox.notes.recv_many(&mut notes, NOTES_AT_ONCE).await > 0 {
            for note in notes.drain(..) {
                match note {
                    Note::Log(batch) => log.extend(batch),
                    other => {
                        self.deliver_all(&mut log).await;
                        self.take(other).await;
                    }
                }
            }
            self.deliver_all(&mut log).await;
            self.writes.turn().await;
            self.live.fanout.delivered();
        }
    }

    async fn deliver_all(self: &Rc<Self>, log: &mut Vec<Delivery>) {
        if log.is_empty() {
            return;
        }
        self.be_sure_of_sessions().await;
        let mut queued = 0;
        for delivery in joined(log) {
            if queued > QUEUED_AT_ONCE {
                queued = 0;
                // What was queued is written before more is queued.
                self.writes.turn().await;
                // Time has passed.
                self.be_sure_of_sessions().await;
            }
            queued += delivery.frame.len();
            self.deliver(delivery);
        }
    }

    async fn take(self: &Rc<Self>, note: Note) {
        match note {
            Note::Log(mut batch) => self.deliver_all(&mut batch).await,
            Note::Joined(batch) => {
                for joining in batch {
                    self.user_joined(joining);
                }
            }
            Note::Passing(batch) => {
                self.be_sure_of_sessions().await;
                for delivery in &batch {
                    self.pass(delivery);
                }
            }
            Note::Presence(batch) => self.news.add(batch),
            Note::SessionEnded(session, reason) => self.end_session(session, reason),
            Note::Drain(done) => {
                rt::spawn(Rc::clone(self).drain(done));
            }
        }
    }

    fn pass(&self, delivery: &PassingDelivery) {
        let rooms = self.rooms.borrow();
        let Some(room) = rooms.get(&delivery.room) else { return };
        for follower in room.followers.values() {
            let user = follower.socket.principal.user_id;
            let is_told = match delivery.audience {
                Audience::Room => true,
                Audience::RoomWithout(without) => user != without,
                Audience::Only(only) => user == only,
            };
            if is_told {
                follower.socket.outbox.push_if_keeping_up(delivery.frame.clone());
            }
        }
    }

    pub(super) fn end_session(self: &Rc<Self>, session: SessionId, reason: SessionEndReason) {
        let (code, why) = match reason {
            SessionEndReason::SignedOut => (close::SESSION_REVOKED, "the session has ended"),
            SessionEndReason::RefreshReused => {
                (close::SESSION_REVOKED, "the session was ended: a refresh token was reused")
            }
            SessionEndReason::AccountDisabled => (close::ACCOUNT_DISABLED, "the account is disabled"),
        };
        for socket in self.all_sockets() {
            if socket.principal.session_id == session {
                self.close(&socket, &Ending::new(code, why));
            }
        }
    }

    /// A key for a new socket.
    pub(super) fn new_key(&self) -> u64 {
        self.next_key.replace(self.next_key.get() + 1)
    }

    /// Takes a new socket in.
    pub(super) fn add(&self, socket: &Rc<Socket>) {
        self.sockets.borrow_mut().insert(socket.key, Rc::clone(socket));
        self.users.borrow_mut().entry(socket.principal.user_id).or_default().push(Rc::clone(socket));
    }

    /// Gives a socket's place among its user's back, once.
    fn count_out(&self, socket: &Socket) {
        if socket.is_counted.replace(false) {
            self.live.fanout.count_out(socket.principal.user_id);
        }
    }

    /// Forgets a socket that is gone.
    pub(super) fn remove(&self, socket: &Socket) {
        self.unfollow_all(socket);
        self.count_out(socket);
        self.let_lease_end(socket);
        self.sockets.borrow_mut().remove(&socket.key);
        let mut users = self.users.borrow_mut();
        if let Some(sockets) = users.get_mut(&socket.principal.user_id) {
            sockets.retain(|other| other.key != socket.key);
            if sockets.is_empty() {
                users.remove(&socket.principal.user_id);
            }
        }
    }

    /// Closes a socket: from this moment on it is told nothing but goodbye (I16).
    pub(super) fn close(&self, socket: &Socket, ending: &Ending) {
        self.unfollow_all(socket);
        self.count_out(socket);
        socket.close(ending, self.live.settings.close_within);
    }

    /// Lets a socket follow a room, whose head was just read, from an event on. `true` when nobody here followed the
    /// room before, so that what happened since the head was read may have been missed.
    pub(super) fn follow(self: &Rc<Self>, socket: &Rc<Socket>, room: RoomId, head: Seq, next: Seq) -> bool {
        if socket.is_closing() || socket.outbox.is_gone() {
            return false;
        }
        if socket.has_left(room, head) {
            // The client has been told of the room just now.
            let removed = PassingEvent::RoomRemoved { room_id: room };
            socket.send(frame::json(&removed), self.live.settings.close_within);
            return false;
        }
        let (is_first, is_behind) = {
            let mut rooms = self.rooms.borrow_mut();
            let followed = rooms.entry(room).or_insert_with(|| Followed::from(head));
            let is_first = followed.followers.is_empty();
            let is_behind = next <= head.max(followed.latest());
            let follower = Follower { socket: Rc::clone(socket), next, since: head, is_behind };
            followed.followers.insert(socket.key, follower);
            (is_first, is_behind)
        };
        socket.rooms.borrow_mut().insert(room);
        // The head is news for those who began to follow before it, and whom the bus did not reach in time.
        self.heard_of(&[(room, head)]);
        if is_first && let Some(number) = self.number.get() {
            self.live.fanout.follow(room, *number);
        }
        if is_behind {
            self.catch_up(socket, room);
        }
        is_first
    }

    /// The head of a room's log when the socket began to follow it; `None` when it does not.
    pub(super) fn follows_since(&self, socket: &Socket, room: RoomId) -> Option<Seq> {
        Some(self.rooms.borrow().get(&room)?.followers.get(&socket.key)?.since)
    }

    /// Notes that the user was in a room, which the socket follows, at this place of its log: leaving it before that is
    /// history. `false` when the socket does not follow it.
    pub(super) fn was_in(&self, socket: &Socket, room: RoomId, at: Seq) -> bool {
        let mut rooms = self.rooms.borrow_mut();
        let follower = rooms.get_mut(&room).and_then(|followed| followed.followers.get_mut(&socket.key));
        if let Some(follower) = follower {
            follower.since = follower.since.max(at);
            return true;
        }
        false
    }

    /// Lets a socket follow a room no more.
    pub(super) fn unfollow(&self, socket: &Socket, room: RoomId) {
        if socket.rooms.borrow_mut().remove(&room) {
            self.drop_follower(socket, room);
        }
    }

    fn unfollow_all(&self, socket: &Socket) {
        let rooms = std::mem::take(&mut *socket.rooms.borrow_mut());
        for room in rooms {
            self.drop_follower(socket, room);
        }
    }

    fn drop_follower(&self, socket: &Socket, room: RoomId) {
        let mut rooms = self.rooms.borrow_mut();
        let Some(followed) = rooms.get_mut(&room) else { return };
        followed.followers.swap_remove(&socket.key);
        if followed.followers.is_empty() {
            rooms.remove(&room);
            if let Some(number) = self.number.get() {
                self.live.fanout.unfollow(room, *number);
            }
        }
    }

    pub(super) fn all_sockets(&self) -> Vec<Rc<Socket>> {
        self.sockets.borrow().values().cloned().collect()
    }

    pub(super) fn all_users(&self) -> Vec<UserId> {
        self.users.borrow().keys().copied().collect()
    }

    pub(super) fn sockets_of(&self, user: UserId) -> Vec<Rc<Socket>> {
        self.users.borrow().get(&user).cloned().unwrap_or_default()
    }
}
