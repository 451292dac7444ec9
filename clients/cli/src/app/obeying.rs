//! What the user wants.

use std::time::Duration;

use contract::meta::Feature;
use kernel::{Clock, RoomId, SystemClock};
use natter_client::NewMessage;
use tokio::time::Instant;

use super::done::Done;
use super::entries::unsent;
use super::{App, Parted, Unsent};
use crate::actions::{Outcome, carry_out};
use crate::commands::{Command, parse};
use crate::screen::{Entry, Status};

/// The server passes on one in this time.
const TYPING_EVERY: Duration = Duration::from_secs(3);
/// What was read is told so much later, so that a crowd of messages is told once.
const MARK_AFTER: Duration = Duration::from_millis(400);

impl App {
    /// Does what was typed.
    pub(super) fn obey(&mut self, text: &str) {
        let command = match parse(text) {
            Ok(command) => command,
            Err(error) => return self.say(error.to_string()),
        };
        if command == Command::Quit {
            return self.quit();
        }
        self.was_warned = false;
        // What needs no answer is done at once, connected or not.
        if let (Command::Say(body), Some(room)) = (&command, self.rooms.current()) {
            return self.send(NewMessage::new(room, body.clone()));
        }
        let Some(desk) = self.desk() else {
            return self.say("There is no connection yet.");
        };
        let place = self.place();
        self.leaving = place.room.filter(|_| command == Command::Leave);
        self.is_signing_out = command == Command::Signout;
        self.aside(async move { Done::Carried(carry_out(&desk, &place, command).await) });
    }

    pub(super) fn take_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Told(text) => self.say(text),
            Outcome::GoTo(room, _, text) => self.go_to(room, text),
            Outcome::Left(room, text) => {
                self.forget_room(room);
                self.say(text);
            }
            Outcome::Send(message) => self.send(message),
            Outcome::Older(count) => {
                if self.view.log.has_more_before {
                    self.load_older(count);
                } else {
                    self.say("There is nothing older.");
                }
            }
            Outcome::Done => {}
            Outcome::SignedOut => self.parted = Some(Parted::SignedOut),
            Outcome::Quit => self.quit(),
        }
    }

    /// Shows a message at once, and sends it as soon as that can be done.
    fn send(&mut self, message: NewMessage) {
        let room = message.room_id;
        let me = self.client.username().to_owned();
        let shown = unsent(&message, &me, SystemClock.now(), self.log(room));
        let (key, body) = (message.client_msg_id, message.body.clone());
        match self.live.try_send(message) {
            Ok(_) => {
                self.unsent.insert(key, Unsent { room, body });
                let log = self.log(room);
                log.unread_after = None;
                log.push(Entry::Message(shown));
                self.screen.show_newest();
            }
            Err(error) => {
                self.screen.set_draft(&body);
                self.complain(&error);
            }
        }
        self.typing_told_at = None;
    }

    /// Goes to a room that one is in, and says something there. The connection tells of one that was joined just now in a
    /// moment, or has done so.
    fn go_to(&mut self, room: RoomId, text: String) {
        if self.rooms.get(room).is_some() {
            self.open(room);
            self.say(text);
        } else {
            self.awaited = Some((room, text));
        }
    }

    /// Puts a room on the screen.
    pub(super) fn open(&mut self, room: RoomId) {
        if self.rooms.current() != Some(room) {
            if let Some(before) = self.rooms.current() {
                let log = std::mem::take(&mut self.view.log);
                if let Some(state) = self.rooms.get(before) {
                    state.log = log;
                }
            }
            let Some(state) = self.rooms.get(room) else { return };
            let mut log = std::mem::take(&mut state.log);
            log.unread_after = (state.unread > 0).then_some(state.read_seq);
            self.view.log = log;
            self.rooms.set_current(Some(room));
            self.screen.show_newest();
            self.typing_told_at = None;
            self.ask_who_is_online(room);
        }
        let is_open = self.rooms.get(room).is_some_and(|state| std::mem::replace(&mut state.is_open, true));
        if !is_open {
            self.load_newest(room);
            self.ask_for_members(room);
        }
    }

    pub(super) fn open_neighbour(&mut self, by: isize) {
        if let Some(room) = self.rooms.neighbour(by) {
            self.open(room);
        }
    }

    pub(super) fn open_number(&mut self, number: usize) {
        if let Some(room) = self.rooms.numbered(number) {
            self.open(room);
        }
    }

    /// Tells the room that one writes: now and then, and when it stops.
    pub(super) fn tell_typing(&mut self, writes: bool) {
        let Some(room) = self.rooms.current().filter(|_| self.offers(Feature::Typing)) else { return };
        let now = Instant::now();
        let is_due = match (writes, self.typing_told_at) {
            (true, told) => told.is_none_or(|at| now - at >= TYPING_EVERY),
            (false, told) => told.is_some(),
        };
        if !is_due || self.view.status != Status::Connected {
            return;
        }
        self.typing_told_at = writes.then_some(now);
        let live = self.live.clone();
        // It is worth nothing later on.
        tokio::spawn(async move { live.typing(room, writes).await.is_ok() });
    }

    /// Notes that what is on the screen has been read.
    pub(super) fn note_read(&mut self) {
        let is_seen = self.view.status == Status::Connected && self.screen.shows_newest() && !self.view.log.is_loading;
        let Some(last) = self.view.log.last_seq().filter(|_| is_seen) else { return };
        let Some(state) = self.rooms.current().and_then(|room| self.rooms.get(room)) else { return };
        if last > state.read_seq && self.mark_at.is_none() {
            self.mark_at = Some(Instant::now() + MARK_AFTER);
        }
        (state.unread, state.mentions) = (0, 0);
    }

    /// Tells the server up to where the current room was read.
    pub(super) fn mark_read(&mut self) {
        let Some(room) = self.rooms.current() else { return };
        let Some(last) = self.view.log.last_seq() else { return };
        let Some(state) = self.rooms.get(room).filter(|state| last > state.read_seq) else { return };
        state.read_seq = last;
        let live = self.live.clone();
        // If it is lost, the next one tells more.
        tokio::spawn(async move { live.mark_read(room, last).await.is_ok() });
    }
}
