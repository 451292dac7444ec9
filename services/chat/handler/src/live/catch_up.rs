//! Giving a socket what it has missed, from the store, at the pace at which it reads.

use std::rc::Rc;

use actix_web::rt;
use chat_entity::{Event, EventContent, Seq};
use contract::frames::ServerFrame;
use kernel::RoomId;

use super::deliver::{FIRST_PAUSE, LONGEST_PAUSE};
use super::frame;
use super::shard::Shard;
use super::socket::Socket;
use crate::wire;

impl Shard {
    /// Puts a room on the list of what the socket is behind on, and sees to it that somebody works on the list.
    pub(super) fn catch_up(self: &Rc<Self>, socket: &Rc<Socket>, room: RoomId) {
        socket.behind.borrow_mut().push_back(room);
        self.work_on_list(socket);
    }

    /// Promises `ready` for when the list is done.
    pub(super) fn ready_when_done(self: &Rc<Self>, socket: &Rc<Socket>) {
        socket.owes_ready.set(true);
        self.work_on_list(socket);
    }

    fn work_on_list(self: &Rc<Self>, socket: &Rc<Socket>) {
        if !socket.is_catching_up.replace(true) {
            rt::spawn(Rc::clone(self).work(Rc::clone(socket)));
        }
    }

    async fn work(self: Rc<Self>, socket: Rc<Socket>) {
        loop {
            let Some(room) = socket.behind.borrow_mut().pop_front() else { break };
            self.replay(&socket, room).await;
        }
        if socket.owes_ready.replace(false) {
            socket.send(frame::json(&ServerFrame::Ready), self.live.settings.close_within);
        }
        // Nothing has run since the list was seen empty, so nothing can have been put on it unseen.
        socket.is_catching_up.set(false);
    }

    /// Sends a room's events until the socket has all that this worker has heard of.
    async fn replay(self: &Rc<Self>, socket: &Rc<Socket>, room: RoomId) {
        let limit = self.live.settings.replay_page;
        let mut pause = FIRST_PAUSE;
        loop {
            socket.outbox.room().await;
            let Some(next) = self.place(socket, room) else { return };
            let after = Seq::new(next.get() - 1);
            let events = match self.live.chat.tail(room, after, limit).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, connection = %socket.id, "a replay waits for the store");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                }
            };
            self.be_sure_of_sessions().await;
            let is_last_page = events.len() < limit as usize;
            for event in &events {
                socket.outbox.room().await;
                if !self.give(socket, event) {
                    return;
                }
            }
            if is_last_page && self.is_level(socket, room) {
                return;
            }
            if events.is_empty() {
                tracing::warn!(%room, after = after.get(), "the store does not have what was announced");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// The event that the socket gets next; `None` when it follows the room no more.
    fn place(&self, socket: &Socket, room: RoomId) -> Option<Seq> {
        Some(self.rooms.borrow().get(&room)?.followers.get(&socket.key)?.next)
    }

    /// Sends one event of a replay if it is the next one; `false` when the socket follows the room no more.
    fn give(self: &Rc<Self>, socket: &Rc<Socket>, event: &Event) -> bool {
        {
            let mut rooms = self.rooms.borrow_mut();
            let Some(followed) = rooms.get_mut(&event.room_id) else { return false };
            let Some(follower) = followed.followers.get_mut(&socket.key) else { return false };
            if event.seq != follower.next {
                return true;
            }
            follower.next = event.seq.next();
            if event.seq > follower.since && is_leaving_of(event, socket) {
                drop(rooms);
                self.user_left(socket.principal.user_id, event.room_id, event.seq);
                // The user may be back by now, with that news lost as well.
                self.add_unless_followed(socket, event.room_id);
                return false;
            }
        }
        socket.send(frame::json(&wire::log_event(event)), self.live.settings.close_within);
        true
    }

    /// Whether the socket has all that this worker has heard of; then events come from the bus again.
    fn is_level(&self, socket: &Socket, room: RoomId) -> bool {
        let mut rooms = self.rooms.borrow_mut();
        let Some(followed) = rooms.get_mut(&room) else { return true };
        let latest = followed.latest();
        let Some(follower) = followed.followers.get_mut(&socket.key) else { return true };
        if follower.next <= latest {
            return false;
        }
        follower.is_behind = false;
        true
    }
}

/// Whether the socket's own user leaves with this event, in case that the news of it was lost.
fn is_leaving_of(event: &Event, socket: &Socket) -> bool {
    matches!(&event.content, EventContent::MemberLeft(user) if user.id == socket.principal.user_id)
}
