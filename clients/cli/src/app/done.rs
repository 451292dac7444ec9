//! What was asked for in the background, so that the screen never waits, and what becomes of the answers.

use std::sync::Arc;

use contract::chat::{History, Member, Room, UserPresence};
use contract::meta::Feature;
use kernel::RoomId;
use natter_client::{Around, Error, ServerInfo};
use uuid::Uuid;

use super::App;
use super::entries::entry;
use crate::actions::Outcome;
use crate::screen::Entry;
use crate::words;

/// Messages that are loaded at once.
pub(super) const PAGE: u32 = 100;
/// Members whose names are fetched for completion.
const NAMES: usize = 200;
/// Public rooms whose names are fetched for completion.
const PUBLIC_ROOMS: usize = 200;

/// An answer.
pub(super) enum Done {
    Info(Result<ServerInfo, Error>),
    /// Older messages of a room, or the newest ones, for this edition of its log.
    Page(RoomId, Uuid, Result<History, Error>),
    Members(RoomId, Result<Vec<Member>, Error>),
    Online(RoomId, Result<Vec<UserPresence>, Error>),
    /// Public rooms, for completion.
    Directory(Result<Vec<Room>, Error>),
    Carried(Result<Outcome, String>),
}

impl App {
    /// Does something in the background; its answer comes back to [`App::take`].
    pub(super) fn aside(&self, work: impl Future<Output = Done> + Send + 'static) {
        let done = self.done.clone();
        tokio::spawn(async move {
            // Nobody takes it when the screen is closed.
            let _ = done.send(work.await);
        });
    }

    pub(super) fn ask_for_info(&self) {
        let client = self.client.clone();
        self.aside(async move { Done::Info(client.info().await) });
    }

    /// Loads older messages of the current room, if there are more.
    pub(super) fn load_older(&mut self, count: u32) {
        let Some(room) = self.rooms.current() else { return };
        let log = &mut self.view.log;
        if !log.has_more_before || log.is_loading || log.is_full() {
            return;
        }
        log.is_loading = true;
        let around = log.first_seq().map_or(Around::Newest, Around::Before);
        self.load(room, around, count);
    }

    pub(super) fn load_newest(&mut self, room: RoomId) {
        self.log(room).is_loading = true;
        self.load(room, Around::Newest, PAGE);
    }

    fn load(&mut self, room: RoomId, around: Around, count: u32) {
        let Some(edition) = self.rooms.get(room).map(|state| state.edition) else { return };
        let client = self.client.clone();
        self.aside(async move { Done::Page(room, edition, client.history(room, around, count).await) });
    }

    pub(super) fn ask_for_members(&self, room: RoomId) {
        let client = self.client.clone();
        self.aside(async move { Done::Members(room, client.members(room, NAMES).await) });
    }

    pub(super) fn ask_for_directory(&self) {
        let client = self.client.clone();
        self.aside(async move { Done::Directory(client.find_rooms("", PUBLIC_ROOMS).await) });
    }

    /// Asks who is in a room, where the server tells.
    pub(super) fn ask_who_is_online(&self, room: RoomId) {
        if self.offers(Feature::Presence) {
            let live = self.live.clone();
            self.aside(async move { Done::Online(room, live.presence(Some(room)).await) });
        }
    }

    pub(super) fn offers(&self, feature: Feature) -> bool {
        self.info.as_ref().is_some_and(|info| info.offers(feature))
    }

    /// Takes an answer in.
    pub(super) fn take(&mut self, done: Done) {
        match done {
            Done::Info(Ok(info)) => {
                self.info = Some(Arc::new(info));
                if let Some(room) = self.rooms.current() {
                    self.ask_who_is_online(room);
                }
            }
            // The connection tells what is wrong, and it is asked for again when that is there.
            Done::Info(Err(_)) => {}
            Done::Page(room, edition, page) => {
                if self.rooms.get(room).is_some_and(|state| state.edition == edition) {
                    self.take_page(room, page);
                }
            }
            Done::Members(room, Ok(members)) => {
                if let Some(state) = self.rooms.get(room) {
                    members.iter().for_each(|member| state.see(&member.user.username));
                }
            }
            Done::Online(room, Ok(users)) => {
                if let Some(state) = self.rooms.get(room) {
                    users.iter().for_each(|user| state.see(&user.user.username));
                    state.online = Some(users.into_iter().map(|user| (user.user.id, user.user.username)).collect());
                }
            }
            Done::Directory(Ok(rooms)) => self.public_rooms = rooms.iter().map(words::room_name).collect(),
            // They only help.
            Done::Members(_, Err(_)) | Done::Online(_, Err(_)) | Done::Directory(Err(_)) => {}
            Done::Carried(Ok(outcome)) => self.take_outcome(outcome),
            Done::Carried(Err(sentence)) => {
                self.is_signing_out = false;
                self.say(sentence);
            }
        }
    }

    fn take_page(&mut self, room: RoomId, page: Result<History, Error>) {
        let me = self.client.user_id();
        let log = self.log(room);
        log.is_loading = false;
        match page {
            Ok(history) => {
                let shown: Vec<Entry> =
                    history.items.iter().map(|message| Entry::Message(entry(message, me, log))).collect();
                log.has_more_before = history.has_more_before;
                log.prepend(shown);
                if let Some(state) = self.rooms.get(room) {
                    history.items.iter().for_each(|message| state.see(&message.author.username));
                }
            }
            Err(error) => {
                // Asked for again when the connection is there.
                log.has_more_before = false;
                if let Some(state) = self.rooms.get(room) {
                    state.is_open = false;
                }
                if !matches!(error, Error::Unreachable(_)) {
                    self.complain(&error);
                }
            }
        }
    }
}
