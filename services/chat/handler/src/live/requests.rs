//! What a client may ask over its socket: frame in, use case, frame out.

use std::rc::Rc;

use chat_entity::Seq;
use contract::chat::{CreateRoom, Empty, Joined, ReadMark, RoomBody};
use contract::events::Expiry;
use contract::frames::{
    InRoom, ListPresence, MarkReadIn, MessageSent, Pong, RenewSession, Reply, SendMessage, SetPresence, Start, close,
};
use contract::problem::{Problem, Slug};
use limit::Decision;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::add_room::Settling;
use super::frame;
use super::shard::Shard;
use super::socket::{Ending, Phase, Socket};
use crate::{problem, request};

/// Sends a refusal.
pub(super) fn refuse(shard: &Shard, socket: &Socket, id: &str, problem: Problem) {
    let is_too_fast = problem.code == Slug::RateLimited;
    let mut problem = problem;
    let request_id = format!("{}/{id}", socket.id);
    if problem.status >= 500 {
        // The cause has been logged where it was met; this is what a user who asks for help can name.
        tracing::warn!(request_id, code = problem.code.as_str(), "a request failed");
    }
    problem.request_id = Some(request_id);
    socket.send(frame::json(&Reply::<Empty>::refused(id, problem)), shard.live.settings.close_within);
    if is_too_fast {
        shard.count_refusal(socket);
    }
}

impl Shard {
    /// Answers one request, with exactly one reply.
    pub(super) async fn answer(self: &Rc<Self>, socket: &Rc<Socket>, id: &str, kind: &str, data: &str) {
        if let Err(problem) = self.dispatch(socket, id, kind, data).await {
            socket.unanswered.borrow_mut().remove(id);
            refuse(self, socket, id, problem);
        }
    }

    async fn dispatch(self: &Rc<Self>, socket: &Rc<Socket>, id: &str, kind: &str, data: &str) -> Result<(), Problem> {
        let needs_start = !matches!(kind, "start" | "ping" | "session.renew");
        if needs_start && socket.phase.get() == Phase::Waiting {
            return Err(Problem::new(Slug::InvalidRequest, "Send start first."));
        }
        match kind {
            "ping" => {
                parse::<Empty>(data)?;
                self.reply(socket, id, Pong { server_time: self.live.clock.now() });
            }
            "start" => {
                let asked = parse::<Start>(data)?;
                if socket.phase.get() != Phase::Waiting {
                    return Err(Problem::new(Slug::InvalidRequest, "This socket has started already."));
                }
                socket.phase.set(Phase::Starting);
                socket.has_asked_to_start.set(true);
                self.start(socket, id, asked).await?;
            }
            "session.renew" => self.renew(socket, id, parse(data)?).await?,
            "message.send" => self.send_message(socket, id, parse(data)?).await?,
            "room.create" => self.create_room(socket, id, parse(data)?).await?,
            "room.join" => self.join_room(socket, id, parse(data)?).await?,
            "room.leave" => {
                let InRoom { room_id } = parse(data)?;
                socket.leaving.borrow_mut().insert(room_id);
                let left = self.live.chat.leave_room(&socket.principal, room_id).await;
                socket.leaving.borrow_mut().remove(&room_id);
                left.map_err(|error| problem::leave_room(&error))?;
                self.unfollow(socket, room_id);
                self.reply(socket, id, Empty {});
            }
            "read.mark" => {
                let MarkReadIn { room_id, seq } = parse(data)?;
                let marked = self.live.chat.mark_read(&socket.principal, room_id, Seq::new(seq)).await;
                let read_seq = marked.map_err(|error| problem::read(&error))?.get();
                self.reply(socket, id, ReadMark { read_seq });
            }
            "typing.start" | "typing.stop" => {
                let InRoom { room_id } = parse(data)?;
                if !socket.rooms.borrow().contains(&room_id) {
                    let member = self.live.chat.check_member(&socket.principal, room_id).await;
                    member.map_err(|error| problem::read(&error))?;
                }
                self.note_typing(socket, room_id, kind == "typing.start");
                self.reply(socket, id, Empty {});
            }
            "presence.set" => self.set_presence(socket, id, parse(data)?).await?,
            "presence.list" => {
                let ListPresence { room_id } = parse(data)?;
                self.note_own_presence(socket).await;
                let listed = self.live.chat.list_presence(&socket.principal, room_id).await;
                let list = crate::wire::presence_list(&listed.map_err(|error| problem::list_presence(&error))?);
                // It may be large.
                socket.outbox.room().await;
                self.reply(socket, id, list);
            }
            _ => {
                let detail = format!("This server has no request {kind:?}. See /v1/meta for what it offers.");
                return Err(Problem::new(Slug::InvalidRequest, detail));
            }
        }
        socket.refusals.set(socket.refusals.get().saturating_sub(1));
        Ok(())
    }

    /// Counts a refusal for sending too fast against the socket; what is done counts for it. Whoever does not heed
    /// refusals is closed.
    pub(super) fn count_refusal(&self, socket: &Socket) {
        socket.refusals.set(socket.refusals.get() + 1);
        if socket.refusals.get() > self.live.settings.max_refusals {
            self.close(socket, &Ending::new(close::TOO_FAST, "too many requests; slow down"));
        }
    }

    /// Counts a request or a ping, whatever it is about.
    pub(super) fn check_pace(&self, socket: &Socket) -> Result<(), Problem> {
        let Some(rule) = &self.live.settings.request_rate else { return Ok(()) };
        match self.live.socket_limits.check_now(rule, &socket.id.to_string()) {
            Decision::Allowed => Ok(()),
            Decision::Refused { retry_after } => Err(web::refused("Too many requests on this socket.", retry_after)),
        }
    }

    /// Nothing waits here before the log does: that keeps what one connection sends in order.
    async fn send_message(&self, socket: &Socket, id: &str, asked: SendMessage) -> Result<(), Problem> {
        let draft = request::draft_of_frame(asked, self.live.chat.rules())?;
        let posted = self.live.chat.post_message(&socket.principal, draft).await;
        let posted = posted.map_err(|error| problem::post_message(&error))?;
        let message = posted.message;
        let sent = MessageSent {
            message_id: message.id,
            seq: message.seq.get(),
            created_at: message.created_at,
            deduplicated: posted.deduplicated,
        };
        self.reply(socket, id, sent);
        Ok(())
    }

    async fn create_room(self: &Rc<Self>, socket: &Rc<Socket>, id: &str, asked: CreateRoom) -> Result<(), Problem> {
        let request = request::room(asked, None)?;
        let settling = Settling::begin(self, socket);
        let created = self.live.chat.create_room(&socket.principal, request).await;
        let room = created.map_err(|error| problem::create_room(&error))?;
        self.reply(socket, id, RoomBody { room: crate::wire::room(&room) });
        self.follow_from(socket, room.id, room.head_seq).await;
        drop(settling);
        Ok(())
    }

    async fn join_room(self: &Rc<Self>, socket: &Rc<Socket>, id: &str, asked: InRoom) -> Result<(), Problem> {
        let settling = Settling::begin(self, socket);
        let joined = self.live.chat.join_room(&socket.principal, asked.room_id).await;
        let room = joined.map_err(|error| problem::join_room(&error))?;
        let head_seq = room.head_seq.get();
        self.reply(socket, id, Joined { room: crate::wire::room(&room), head_seq });
        if !socket.rooms.borrow().contains(&room.id) {
            self.follow_from(socket, room.id, room.head_seq).await;
        }
        drop(settling);
        Ok(())
    }

    async fn renew(&self, socket: &Socket, id: &str, asked: RenewSession) -> Result<(), Problem> {
        let renewed = self.live.verifier.authenticate(&asked.access_token).await;
        let renewed = renewed.map_err(|refusal| web::refusal_problem(&refusal))?;
        if renewed.session_id != socket.principal.session_id {
            return Err(Problem::new(Slug::TokenInvalid, "The token belongs to another session."));
        }
        // A token that ends earlier than the one in force changes nothing.
        if renewed.expires_at > socket.expires_at.get() {
            socket.expires_at.set(renewed.expires_at);
            socket.was_warned.set(false);
        }
        self.reply(socket, id, Expiry { expires_at: socket.expires_at.get() });
        Ok(())
    }

    fn note_typing(&self, socket: &Socket, room: kernel::RoomId, writes: bool) {
        let user = socket.profile.borrow().clone();
        let is_news = if writes {
            self.typing.borrow_mut().start(room, &user, Instant::now())
        } else {
            self.typing.borrow_mut().stop(room, user.id)
        };
        if is_news {
            self.live.chat.tell_typing(user, room, writes);
        }
    }

    async fn set_presence(&self, socket: &Socket, id: &str, asked: SetPresence) -> Result<(), Problem> {
        let status = request::presence_status(asked)?;
        let allowed = self.live.chat.check_set_presence(&socket.principal);
        allowed.map_err(|error| problem::set_presence(&error))?;
        self.say(socket, status).await;
        self.reply(socket, id, Empty {});
        Ok(())
    }

    /// Says that a request is done. What follows from it, if anything, comes after.
    pub(super) fn reply(&self, socket: &Socket, id: &str, data: impl Serialize) {
        socket.unanswered.borrow_mut().remove(id);
        socket.send(frame::json(&Reply::ok(id, data)), self.live.settings.close_within);
    }
}

fn parse<T: DeserializeOwned>(data: &str) -> Result<T, Problem> {
    web::parse_json(data.as_bytes())
}
