//! What was asked for in the background, so that the screen never waits, and what becomes of the answers.

use std::sync::Arc;
use std::time::Duration;

use contract::chat::{Member, Room, UserPresence};
use contract::meta::Feature;
use kernel::RoomId;
use natter_client::{Around, Error, ServerInfo};
use tokio::time::Instant;
use uuid::Uuid;

use super::App;
use super::entries::{entry, happening};
use super::page::Page;
use crate::actions::Outcome;
use crate::screen::Entry;
use crate::words;

/// Messages that are loaded at once.
pub(super) const PAGE: u32 = 100;
/// Members whose names are fetched for completion.
const NAMES: usize = 200;
/// How often it is asked who is online: a crowd that comes back is asked for once.
const ONLINE_EVERY: Duration = Duration::from_secs(3);
/// When a page is asked for again that did not come.
const LOAD_AGAIN_AFTER: Duration = Duration::from_secs(3);
/// Public rooms whose names are fetched for completion.
const PUBLIC_ROOMS: usize = 200;

/// Messages that were asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    room: RoomId,
    /// Of the room's log that they are for.
    edition: Uuid,
    around: Around,
}

/// An answer.
pub(super) enum Done {
    Info(Result<ServerInfo, Error>),
    Page(Asked, Result<Page, Error>),
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
        let waits = self.load_again_at.is_some_and(|at| at > Instant::now());
        if !log.has_more_before || log.is_loading || log.is_full() || waits {
            return;
        }
        log.is_loading = true;
        let around = log.first_seq().map_or(Around::Newest, Around::Before);
        self.load(room, around, count);
    }

    pub(super) fn load_newest(&mut self, room: RoomId) {
        let Some(log) = self.log(room) else { return };
        log.is_loading = true;
        self.load(room, Around::Newest, PAGE);
    }

    fn load(&mut self, room: RoomId, around: Around, count: u32) {
        let Some(edition) = self.rooms.get(room).map(|state| state.edition) else { return };
        let client = self.client.clone();
        let asked = Asked { room, edition, around };
        self.aside(async move { Done::Page(asked, Page::load(&client, room, around, count).await) });
    }

    pub(super) fn ask_for_members(&self, room: RoomId) {
        let client = self.client.clone();
        self.aside(async move { Done::Members(room, client.members(room, NAMES).await) });
    }

    pub(super) fn ask_for_directory(&self) {
        let client = self.client.clone();
        self.aside(async move { Done::Directory(client.find_rooms("", PUBLIC_ROOMS).await) });
    }

    /// Asks who is in the current room, where the server tells: at once, or when it was not asked lately.
    pub(super) fn ask_who_is_online(&mut self) {
        let Some(room) = self.rooms.current().filter(|_| self.offers(Feature::Presence)) else { return };
        let now = Instant::now();
        if let Some(next) = self.online_asked_at.map(|at| at + ONLINE_EVERY).filter(|next| *next > now) {
            self.ask_online_at = Some(next);
            return;
        }
        (self.online_asked_at, self.ask_online_at) = (Some(now), None);
        let live = self.live.clone();
        self.aside(async move { Done::Online(room, live.presence(Some(room)).await) });
    }

    pub(super) fn offers(&self, feature: Feature) -> bool {
        self.info.as_ref().is_some_and(|info| info.offers(feature))
    }

    /// Takes an answer in.
    pub(super) fn take(&mut self, done: Done) {
        match done {
            Done::Info(Ok(info)) => {
                self.info = Some(Arc::new(info));
                self.ask_who_is_online();
            }
            // The connection tells what is wrong, and it is asked for again when that is there.
            Done::Info(Err(_)) => {}
            Done::Page(asked, page) => {
                if self.rooms.get(asked.room).is_some_and(|state| state.edition == asked.edition) {
                    self.take_page(asked, page);
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
            Done::Carried(Ok(outcome)) => {
                self.is_moving = false;
                self.take_outcome(outcome);
                self.obey_what_waits();
            }
            Done::Carried(Err(sentence)) => {
                (self.is_moving, self.is_signing_out) = (false, false);
                self.say(sentence);
                self.obey_what_waits();
            }
        }
    }

    fn take_page(&mut self, Asked { room, around, .. }: Asked, page: Result<Page, Error>) {
        let me = self.client.user_id();
        let Some(log) = self.log(room) else { return };
        log.is_loading = false;
        let error = match page {
            Ok(page) => {
                let messages = page.messages.iter().map(|message| Entry::Message(entry(message, me, log)));
                let mut shown: Vec<Entry> = messages.chain(page.happenings.iter().filter_map(happening)).collect();
                shown.sort_by_key(Entry::seq);
                log.has_more_before = page.has_more_before;
                log.prepend(shown);
                if let Some(state) = self.rooms.get(room) {
                    page.messages.iter().for_each(|message| state.see(&message.author.username));
                }
                return;
            }
            Err(error) => error,
        };
        self.load_again_at = Some(Instant::now() + LOAD_AGAIN_AFTER);
        // What is here of an older part stays, and goes on from there. Without the newest part there is nothing to go on
        // from.
        if around == Around::Newest {
            if let Some(log) = self.log(room) {
                log.clear();
            }
            if let Some(state) = self.rooms.get(room) {
                state.is_open = false;
            }
        }
        let will_pass =
            matches!(error, Error::Unreachable(_)) || error.refusal().is_some_and(natter_client::Refusal::is_passing);
        if !will_pass && self.rooms.current() == Some(room) {
            self.complain(&error);
        }
    }
}
