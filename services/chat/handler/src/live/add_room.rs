//! Following rooms that are joined or left while the socket is open, by whatever way.

use std::rc::Rc;

use actix_web::rt;
use chat_entity::Seq;
use contract::events::PassingEvent;
use kernel::{RoomId, UserId};

use super::frame;
use super::shard::Shard;
use super::socket::Socket;
use crate::wire;

impl Shard {
    /// Somebody has joined a room: their sockets here must follow it.
    pub(super) fn user_joined(self: &Rc<Self>, user: UserId, room: RoomId) {
        for socket in self.sockets_of(user) {
            if socket.is_closing() || socket.rooms.borrow().contains(&room) {
                continue;
            }
            if socket.is_started() && socket.joins_in_flight.get() == 0 {
                rt::spawn(Rc::clone(self).add_room(socket, room));
            } else {
                // The reply to the socket's own request, or to `start`, may be about this very room.
                socket.news.borrow_mut().push(room);
            }
        }
    }

    /// Somebody has left a room: their sockets here are told and hear no more of it (I25).
    pub(super) fn user_left(&self, user: UserId, room: RoomId) {
        for socket in self.sockets_of(user) {
            if socket.rooms.borrow().contains(&room) {
                self.unfollow(&socket, room);
                let removed = PassingEvent::RoomRemoved { room_id: room };
                socket.send(frame::json(&removed), self.live.settings.close_within);
            }
        }
    }

    /// Deals with the rooms that were joined while a request of the socket was in flight.
    pub(super) fn settle_news(self: &Rc<Self>, socket: &Rc<Socket>) {
        if !socket.is_started() || socket.joins_in_flight.get() > 0 {
            return;
        }
        let news = std::mem::take(&mut *socket.news.borrow_mut());
        for room in news {
            if !socket.rooms.borrow().contains(&room) {
                rt::spawn(Rc::clone(self).add_room(Rc::clone(socket), room));
            }
        }
    }

    async fn add_room(self: Rc<Self>, socket: Rc<Socket>, room: RoomId) {
        let started = match self.live.chat.started_room(&socket.principal, room).await {
            Ok(Some(started)) => started,
            // Left again meanwhile.
            Ok(None) => return,
            Err(error) => {
                // Resuming finds the room, and nothing of it is lost by then.
                tracing::warn!(%error, connection = %socket.id, "a joined room could not be read");
                return;
            }
        };
        if !socket.is_started() || socket.rooms.borrow().contains(&room) {
            return;
        }
        let added = PassingEvent::RoomAdded { data: Box::new(wire::room_entry(&started)) };
        socket.send(frame::json(&added), self.live.settings.close_within);
        self.follow_from(&socket, room, started.standing.room.head_seq).await;
    }

    /// Lets a socket follow a room after a head that the store has just told, and finds out what happened since then if
    /// nobody here has listened.
    pub(super) async fn follow_from(self: &Rc<Self>, socket: &Rc<Socket>, room: RoomId, head: Seq) {
        if self.follow(socket, room, head.next(), false) {
            self.look_again(vec![(room, head)]).await;
        }
    }

    /// Asks which of these rooms have moved since their heads were read, and lets their followers catch up.
    pub(super) async fn look_again(self: &Rc<Self>, heads: Vec<(RoomId, Seq)>) {
        match self.live.chat.moved(heads).await {
            Ok(moved) => self.heard_of(&moved),
            // Reconciliation asks again in a moment.
            Err(error) => tracing::warn!(%error, "rooms could not be looked at again"),
        }
    }
}
