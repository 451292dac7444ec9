//! What somebody who has signed in can ask for by REST. Each method is one call; tokens are taken care of.

use contract::auth::{PublicUser, SessionView};
use contract::chat::{
    CreateRoom, History, Joined, Member, MyRoom, PostMessage, Posted, ReadMark, Room, RoomBody, RoomWithMembership,
};
use contract::page::{MAX_LIMIT, Page};
use kernel::{RoomId, SessionId, UserId};
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::event::Event;
use crate::http::{Call, Http};
use crate::session::Session;
use crate::{Address, Error, SavedSession, ServerInfo};

/// Somebody who has signed in. Clones share the session.
#[derive(Clone)]
pub struct Client {
    session: Session,
}

/// Which part of a room's timeline is wanted. Bounds are exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Around {
    /// The newest messages.
    Newest,
    /// The newest ones before this place.
    Before(u64),
    /// The oldest ones after this place.
    After(u64),
    /// Half of the page on each side of this place.
    Place(u64),
}

/// A page of a room's raw log, oldest first.
#[derive(Clone, Debug, Deserialize)]
pub struct Events {
    /// The very objects that a socket sends.
    pub items: Vec<Event>,
    /// The room's latest event.
    pub head_seq: u64,
}

impl Client {
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    fn http(&self) -> &Http {
        self.session.http()
    }

    /// Where the server is.
    pub fn address(&self) -> &Address {
        &self.http().address
    }

    /// One's own account.
    pub fn user_id(&self) -> UserId {
        self.session.user_id()
    }

    /// One's own user name.
    pub fn username(&self) -> &str {
        self.session.username()
    }

    /// This session.
    pub fn session_id(&self) -> SessionId {
        self.session.id()
    }

    /// The session, to be kept by the caller. Whoever has it is signed in.
    pub async fn saved(&self) -> SavedSession {
        self.session.to_saved().await
    }

    /// What the server is and can do.
    pub async fn info(&self) -> Result<ServerInfo, Error> {
        self.http().call(&Call::get("/v1/meta"), None).await
    }

    /// Ends this session everywhere. Its file, if there is one, is removed.
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.session.sign_out().await
    }

    /// One's sessions. Needs the feature `sessions`.
    pub async fn sessions(&self) -> Result<Vec<SessionView>, Error> {
        self.all("/v1/auth/sessions", &[], usize::MAX).await
    }

    /// Ends one of one's sessions. Needs the feature `sessions`.
    pub async fn end_session(&self, session: SessionId) -> Result<(), Error> {
        self.session.run(&Call::safe(Method::DELETE, format!("/v1/auth/sessions/{session}"))).await
    }

    /// Ends all of one's sessions but this one. Needs the feature `sessions`.
    pub async fn end_other_sessions(&self) -> Result<(), Error> {
        self.session.run(&Call::safe(Method::DELETE, "/v1/auth/sessions")).await
    }

    /// A public profile.
    pub async fn user(&self, user: UserId) -> Result<PublicUser, Error> {
        self.session.call(&Call::get(format!("/v1/users/{user}"))).await
    }

    /// People whose user or display name begins like this, at most one page. Needs the feature `direct_rooms`.
    pub async fn find_users(&self, prefix: &str) -> Result<Vec<PublicUser>, Error> {
        self.all("/v1/users", &[("query", prefix.to_owned())], MAX_LIMIT as usize).await
    }

    /// All rooms that one is in, the latest event first.
    pub async fn my_rooms(&self) -> Result<Vec<MyRoom>, Error> {
        self.all("/v1/users/me/rooms", &[], usize::MAX).await
    }

    /// Public rooms whose name or title begins like this, the largest first, at most so many.
    pub async fn find_rooms(&self, prefix: &str, at_most: usize) -> Result<Vec<Room>, Error> {
        let query = if prefix.is_empty() { vec![] } else { vec![("query", prefix.to_owned())] };
        self.all("/v1/rooms", &query, at_most).await
    }

    /// The public room of this name.
    pub async fn public_room(&self, name: &str) -> Result<Option<Room>, Error> {
        let rooms: Vec<Room> = self.all("/v1/rooms", &[("name", name.to_owned())], 1).await?;
        Ok(rooms.into_iter().next())
    }

    /// A room, and one's membership of it.
    pub async fn room(&self, room: RoomId) -> Result<RoomWithMembership, Error> {
        self.session.call(&Call::get(format!("/v1/rooms/{room}"))).await
    }

    /// Makes a room. An answer that is lost is asked for again: there will be one room.
    pub async fn create_room(&self, room: &CreateRoom) -> Result<Room, Error> {
        let call = Call::once(Method::POST, "/v1/rooms").json(room)?.idempotent(&Uuid::new_v4());
        self.session.call::<RoomBody>(&call).await.map(|body| body.room)
    }

    /// Changes what a room is about. Needs the feature `room_settings`.
    pub async fn set_topic(&self, room: RoomId, topic: &str) -> Result<Room, Error> {
        let call = Call::safe(Method::PATCH, format!("/v1/rooms/{room}")).json(&json!({ "topic": topic }))?;
        self.session.call::<RoomBody>(&call).await.map(|body| body.room)
    }

    /// Joins a public room. Joining again changes nothing.
    pub async fn join(&self, room: RoomId) -> Result<Joined, Error> {
        self.session.call(&Call::safe(Method::POST, format!("/v1/rooms/{room}/join"))).await
    }

    /// Leaves a room. One that has been left already is fine.
    pub async fn leave(&self, room: RoomId) -> Result<(), Error> {
        let left = self.session.run(&Call::safe(Method::POST, format!("/v1/rooms/{room}/leave"))).await;
        match left {
            Err(error) if matches!(error.code(), "not-a-member" | "not-found") => Ok(()),
            other => other,
        }
    }

    /// The room of oneself and these people: there is always the same one. Needs the feature `direct_rooms`.
    pub async fn direct_room(&self, users: &[UserId]) -> Result<Room, Error> {
        let call = Call::safe(Method::POST, "/v1/direct").json(&json!({ "user_ids": users }))?;
        self.session.call::<RoomBody>(&call).await.map(|body| body.room)
    }

    /// The members of a room, in the order in which they joined, at most so many.
    pub async fn members(&self, room: RoomId, at_most: usize) -> Result<Vec<Member>, Error> {
        self.all(&format!("/v1/rooms/{room}/members"), &[], at_most).await
    }

    /// A part of a room's timeline, oldest first, each message as it stands now; `limit` is 1 to 200.
    pub async fn history(&self, room: RoomId, around: Around, limit: u32) -> Result<History, Error> {
        let call = Call::get(format!("/v1/rooms/{room}/messages")).query("limit", &limit);
        let call = match around {
            Around::Newest => call,
            Around::Before(seq) => call.query("before_seq", &seq),
            Around::After(seq) => call.query("after_seq", &seq),
            Around::Place(seq) => call.query("around_seq", &seq),
        };
        self.session.call(&call).await
    }

    /// A page of a room's raw log after a place; `limit` is 1 to 200.
    pub async fn events(&self, room: RoomId, after_seq: u64, limit: u32) -> Result<Events, Error> {
        let call = Call::get(format!("/v1/rooms/{room}/events")).query("after_seq", &after_seq).query("limit", &limit);
        self.session.call(&call).await
    }

    /// Sends a message by REST. It may be repeated with the same `client_msg_id`, for ever; here it is, until there is an
    /// answer that says something.
    pub async fn post_message(&self, room: RoomId, message: &PostMessage) -> Result<Posted, Error> {
        let call = Call::safe(Method::POST, format!("/v1/rooms/{room}/messages")).json(message)?;
        self.session.call(&call).await
    }

    /// Marks a room as read up to a place; gives the mark, which never moves back.
    pub async fn mark_read(&self, room: RoomId, seq: u64) -> Result<u64, Error> {
        let call = Call::safe(Method::PUT, format!("/v1/rooms/{room}/read")).json(&json!({ "seq": seq }))?;
        self.session.call::<ReadMark>(&call).await.map(|mark| mark.read_seq)
    }

    /// Pages through a list until it ends or there are enough.
    async fn all<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&'static str, String)],
        at_most: usize,
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let limit = (at_most - items.len()).min(MAX_LIMIT as usize);
            let mut call = Call::get(path).query("limit", &limit);
            for (name, value) in query {
                call = call.query(name, value);
            }
            if let Some(cursor) = &cursor {
                call = call.query("cursor", cursor);
            }
            let page: Page<T> = self.session.call(&call).await?;
            items.extend(page.items);
            if page.next_cursor.is_none() || page.next_cursor == cursor || items.len() >= at_most {
                return Ok(items);
            }
            cursor = page.next_cursor;
        }
    }
}
