//! Following rooms that are joined or left while the socket is open, by whatever way.
//!
//! A socket follows a room from a snapshot that a use case has read. Between the reading and the following the user may
//! join or leave again, and the log tells so while nobody listens for this socket yet. [`Settling`] keeps such news until
//! the following is done.

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::rt;
use chat_entity::Seq;
use contract::events::PassingEvent;
use kernel::{RoomId, UserId};

use super::fanout::Joining;
use super::frame;
use super::shard::Shard;
use super::socket::{Phase, Socket};
use crate::wire;

/// While it lives, the socket is about to follow rooms from a snapshot, and what the log says of the user's comings and
/// goings is kept.
pub(super) struct Settling {
    shard: Rc<Shard>,
    socket: Rc<Socket>,
}

impl Settling {
    pub(super) fn begin(shard: &Rc<Shard>, socket: &Rc<Socket>) -> Self {
        socket.settling.set(socket.settling.get() + 1);
        Self { shard: Rc::clone(shard), socket: Rc::clone(socket) }
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        let left = self.socket.settling.get() - 1;
        self.socket.settling.set(left);
        if left > 0 {
            return;
        }
        self.socket.gone_from.borrow_mut().clear();
        let joined = std::mem::take(&mut *self.socket.joined.borrow_mut());
        if self.socket.is_started() {
            for (room, at) in joined {
                self.shard.let_in(&self.socket, room, at);
            }
        }
    }
}

impl Shard {
    /// Somebody has joined a room: their sockets here must follow it. The news of a leaving before it may still be under
    /// way, from another node.
    pub(super) fn user_joined(self: &Rc<Self>, Joining { user, room, seq }: Joining) {
        for socket in self.sockets_of(user) {
            if socket.settling.get() > 0 {
                // What is in flight may be about this very room.
                let mut joined = socket.joined.borrow_mut();
                let known = joined.entry(room).or_insert(seq);
                *known = (*known).max(seq);
            } else if socket.is_started() {
                self.let_in(&socket, room, seq);
            }
        }
    }

    /// Lets a socket follow a room that its user is in at this place of the log.
    fn let_in(self: &Rc<Self>, socket: &Rc<Socket>, room: RoomId, at: Seq) {
        if !self.was_in(socket, room, at) {
            self.add_unless_followed(socket, room);
        }
    }

    /// Somebody has left a room at this place in its log: their sockets here are told and hear no more of it (I25).
    pub(super) fn user_left(&self, user: UserId, room: RoomId, at: Seq) {
        for socket in self.sockets_of(user) {
            if socket.settling.get() > 0 {
                let mut gone = socket.gone_from.borrow_mut();
                let known = gone.entry(room).or_insert(at);
                *known = (*known).max(at);
            }
            if self.follows_since(&socket, room).is_some_and(|since| since < at) {
                self.unfollow(&socket, room);
                // Its own request gets a reply.
                if !socket.leaving.borrow().contains(&room) {
                    let removed = PassingEvent::RoomRemoved { room_id: room };
                    socket.send(frame::json(&removed), self.live.settings.close_within);
                }
            }
        }
    }

    pub(super) fn add_unless_followed(self: &Rc<Self>, socket: &Rc<Socket>, room: RoomId) {
        if !socket.is_closing() && !socket.rooms.borrow().contains(&room) {
            let settling = Settling::begin(self, socket);
            rt::spawn(Rc::clone(self).add_room(Rc::clone(socket), room, settling));
        }
    }

    async fn add_room(self: Rc<Self>, socket: Rc<Socket>, room: RoomId, settling: Settling) {
        let started = match self.live.chat.started_room(&socket.principal, room).await {
            Ok(Some(started)) => started,
            // Left again meanwhile.
            Ok(None) => return,
            Err(error) => {
                // Reconciliation compares the rooms again, whatever it knew of them.
                socket.membership_no.set(0);
                tracing::warn!(%error, connection = %socket.id, "a joined room could not be read");
                return;
            }
        };
        let head = started.standing.room.head_seq;
        if !socket.is_started() || socket.rooms.borrow().contains(&room) || socket.has_left(room, head) {
            return;
        }
        let added = PassingEvent::RoomAdded { data: Box::new(wire::room_entry(&started)) };
        socket.send(frame::json(&added), self.live.settings.close_within);
        self.follow_from(&socket, room, head).await;
        drop(settling);
    }

    /// Lets a socket follow a room after a head that the store has just told, and finds out what happened since then if
    /// nobody here has listened.
    pub(super) async fn follow_from(self: &Rc<Self>, socket: &Rc<Socket>, room: RoomId, head: Seq) {
        if self.follow(socket, room, head, head.next()) {
            self.look_again(vec![(room, head)]).await;
        }
    }

    /// Asks which of these rooms have moved since their heads were read, and lets their followers catch up.
    pub(super) async fn look_again(self: &Rc<Self>, heads: Vec<(RoomId, Seq)>) {
        // Nothing falls between what is listened to and what the store says then.
        self.live.fanout.settled().await;
        match self.live.chat.moved(heads).await {
            Ok(moved) => self.heard_of(&moved),
            // Reconciliation asks again in a moment.
            Err(error) => tracing::warn!(%error, "rooms could not be looked at again"),
        }
    }

    /// Compares the rooms that a socket follows with those that its user is in: for when news may have been lost.
    pub(super) async fn compare_rooms(self: &Rc<Self>, socket: &Rc<Socket>) {
        if socket.phase.get() != Phase::Started || socket.is_closing() {
            return;
        }
        let settling = Settling::begin(self, socket);
        let started = match self.live.chat.start(&socket.principal, None, &Default::default()).await {
            Ok(started) => started,
            Err(error) => {
                tracing::warn!(%error, connection = %socket.id, "the rooms of a user could not be compared");
                return;
            }
        };
        socket.membership_no.set(started.membership_no);
        let in_rooms: HashMap<RoomId, Seq> =
            started.rooms.iter().map(|room| (room.standing.room.id, room.standing.room.head_seq)).collect();
        // A room that was joined since the snapshot was taken is not in it.
        let is_left = |room: &&RoomId| !in_rooms.contains_key(room) && !socket.joined.borrow().contains_key(room);
        let left: Vec<RoomId> = socket.rooms.borrow().iter().filter(is_left).copied().collect();
        for room in left {
            self.unfollow(socket, room);
            let removed = PassingEvent::RoomRemoved { room_id: room };
            socket.send(frame::json(&removed), self.live.settings.close_within);
        }
        for (room, head) in in_rooms {
            if !self.was_in(socket, room, head) {
                socket.joined.borrow_mut().entry(room).or_insert(head);
            }
        }
        drop(settling);
    }
}
