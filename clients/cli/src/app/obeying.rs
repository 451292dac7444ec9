//! What the user wants.

use std::time::Duration;

use contract::meta::Feature;
use kernel::{Clock, RoomId, SystemClock};
use natter_client::NewMessage;
use tokio::time::Instant;

use super::done::Done;
use super::entries::unsent;
use super::{App, Mark, Parted, Unsent};
use crate::actions::{Outcome, carry_out};
use crate::commands::{Command, help_text, parse};
use crate::screen::{Entry, Status};

/// The server passes on one in this time.
const TYPING_EVERY: Duration = Duration::from_secs(3);
/// Lines that wait while one is on the way to another room.
const MAX_WAITING: usize = 100;
/// What was read is told so much later, so that a crowd of messages is told once.
const MARK_AFTER: Duration = Duration::from_millis(400);

impl App {
    /// Does what was typed; what is typed while one is on the way to another room is meant for that room, and waits.
    pub(super) fn obey(&mut self, text: &str) {
        if !self.is_moving {
            return self.obey_now(text);
        }
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(text.to_owned());
        } else {
            self.screen.set_draft(text);
            self.screen.set_hint("One moment: the last command is not done yet.");
        }
    }

    fn is_sending_to(&self, room: Option<RoomId>) -> bool {
        self.unsent.values().any(|unsent| Some(unsent.message.room_id) == room)
    }

    /// A message is settled: somebody may have waited for that.
    pub(super) fn leave_if_sent(&mut self) {
        if self.leaves_when_sent.is_some() && !self.is_sending_to(self.leaves_when_sent) {
            (self.is_moving, self.leaves_when_sent) = (false, None);
            self.obey_what_waits();
        }
    }

    /// Does what has waited.
    pub(super) fn obey_what_waits(&mut self) {
        while !self.is_moving
            && let Some(text) = self.waiting.pop_front()
        {
            self.obey_now(&text);
        }
    }

    fn obey_now(&mut self, text: &str) {
        let command = match parse(text) {
            Ok(command) => command,
            Err(error) => return self.say(error.to_string()),
        };
        match command {
            Command::Quit => return self.quit(),
            Command::Signout if !self.may_part() => return,
            // A message that is on its way would find that one is not in the room any more.
            Command::Leave if self.is_sending_to(self.rooms.current()) => {
                (self.is_moving, self.leaves_when_sent) = (true, self.rooms.current());
                self.waiting.push_front(text.to_owned());
                return self.screen.set_hint("You leave when your message has been sent.");
            }
            _ => self.was_warned = false,
        }
        // What needs no answer is done at once, connected or not.
        if let (Command::Say(body), Some(room)) = (&command, self.rooms.current()) {
            return self.send(NewMessage::new(room, body.clone()));
        }
        if let Command::Help(name) = &command {
            return match help_text(name.as_deref()) {
                Ok(text) => self.say(text),
                Err(error) => self.say(error.to_string()),
            };
        }
        let Some(desk) = self.desk() else {
            return self.say("There is no connection yet.");
        };
        let place = self.place();
        self.leaving = place.room.filter(|_| command == Command::Leave);
        self.is_signing_out = command == Command::Signout;
        self.is_moving = matches!(command, Command::Join { .. } | Command::Create { .. } | Command::Leave);
        self.aside(async move { Done::Carried(carry_out(&desk, &place, command).await) });
    }

    pub(super) fn take_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Told(text) => self.say(text),
            Outcome::GoTo { room, text, entry, .. } => {
                if let Some(entry) = entry.filter(|_| self.rooms.get(room).is_none()) {
                    self.rooms.enter(&entry);
                }
                self.open(room);
                self.say(text);
            }
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
    pub(super) fn send(&mut self, message: NewMessage) {
        if let Err(error) = self.live.try_send(message.clone()) {
            self.screen.set_draft(&message.body);
            return self.complain(&error);
        }
        let me = self.client.username().to_owned();
        if let Some(log) = self.log(message.room_id) {
            let shown = unsent(&message, &me, SystemClock.now(), log);
            log.unread_after = None;
            log.push(Entry::Message(shown));
            self.screen.show_newest();
        }
        self.sent += 1;
        self.unsent.insert(message.client_msg_id, Unsent { place: self.sent, message });
        self.typing_told_at = None;
    }

    /// Puts a room on the screen.
    pub(super) fn open(&mut self, room: RoomId) {
        if self.rooms.current() != Some(room) {
            self.mark_read();
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
            (self.online_asked_at, self.ask_online_at) = (None, None);
            self.ask_who_is_online();
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
        if last > state.read_seq {
            let at = self.mark.map_or_else(|| Instant::now() + MARK_AFTER, |mark| mark.at);
            self.mark = Some(Mark { at, room: state.id, seq: last });
        }
        (state.unread, state.mentions) = (0, 0);
    }

    /// Tells the server up to where a room was read, if that is not told yet.
    pub(super) fn mark_read(&mut self) {
        let Some(Mark { room, seq, .. }) = self.mark.take() else { return };
        let Some(state) = self.rooms.get(room) else { return };
        state.read_seq = state.read_seq.max(seq);
        let live = self.live.clone();
        // If it is lost, the next one tells more.
        tokio::spawn(async move { live.mark_read(room, seq).await.is_ok() });
    }
}
