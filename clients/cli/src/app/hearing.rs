//! What the connection tells.

use contract::events::{LogContent, PassingEvent};
use contract::frames::{Mode, RoomEntry};
use kernel::RoomId;
use natter_client::{Event, SendState, Status as Connection, Update};
use tokio::time::Instant;
use uuid::Uuid;

use super::App;
use super::entries::show;
use crate::screen::{Delivery, Log, Status, View};
use crate::words;

impl App {
    pub(super) fn take_update(&mut self, update: Update) {
        match update {
            Update::Status(status) => self.take_status(status),
            Update::Room(entry) => self.enter(&entry),
            Update::RoomRemoved(room) => self.leave_room(room),
            Update::Skipped { room_id, .. } => self.begin_again(room_id),
            Update::Event(event) => {
                self.take_log_event(&event);
                self.leave_if_sent();
            }
            Update::Passing(event) => self.take_passing(event),
            Update::Sending { room_id, client_msg_id, state } => {
                self.take_sending(room_id, client_msg_id, state);
                self.leave_if_sent();
            }
        }
    }

    /// The log of a room, which the view has while it is on the screen; `None` for a room that one is not in.
    pub(super) fn log(&mut self, room: RoomId) -> Option<&mut Log> {
        if self.rooms.current() == Some(room) {
            return Some(&mut self.view.log);
        }
        self.rooms.get(room).map(|state| &mut state.log)
    }

    fn take_status(&mut self, status: Connection) {
        self.retry_at = None;
        self.view.status = match status {
            Connection::Connecting => match std::mem::take(&mut self.view.status) {
                Status::Reconnecting { why, .. } => Status::Reconnecting { in_seconds: 0, why },
                _ => Status::Connecting,
            },
            Connection::CatchingUp => Status::CatchingUp,
            Connection::Ready => {
                self.be_ready();
                Status::Connected
            }
            Connection::Waiting { retry_in, why } => {
                self.retry_at = Some(Instant::now() + retry_in);
                // Who is here is not known any more.
                self.rooms.all().for_each(|room| room.online = None);
                Status::Reconnecting { in_seconds: retry_in.as_secs(), why }
            }
            Connection::Ended(ended) => {
                self.part(ended);
                return;
            }
        };
    }

    /// The connection is there and everything has been told: what failed while it was away is asked for again.
    fn be_ready(&mut self) {
        if self.info.is_none() {
            self.ask_for_info();
        }
        self.ask_for_directory();
        match self.rooms.current() {
            None => {
                if let Some(home) = self.rooms.home() {
                    self.open(home);
                }
            }
            Some(room) => {
                self.open(room);
                self.ask_who_is_online();
            }
        }
    }

    fn enter(&mut self, entry: &RoomEntry) {
        let room = entry.room.id;
        self.rooms.enter(entry);
        if entry.mode == Mode::Reset {
            self.begin_again(room);
        }
        // The home room is opened as soon as it is known.
        if self.rooms.current().is_none() && words::room_name(&entry.room) == words::HOME {
            self.open(room);
        }
    }

    /// What is here of a room is not of its log any more, or has a gap: only the newest part is loaded again.
    fn begin_again(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get(room) else { return };
        state.edition = Uuid::new_v4();
        let has_content = state.is_open;
        if let Some(log) = self.log(room) {
            log.clear();
        }
        if has_content {
            self.load_newest(room);
        }
    }

    /// One is not in a room any more, by whatever way. To leave by a command of one's own is no news.
    fn leave_room(&mut self, room: RoomId) {
        if let Some(name) = self.forget_room(room)
            && self.leaving != Some(room)
        {
            self.say(format!("You are not in {name} any more."));
        }
    }

    /// Forgets a room, and goes home if one was there. Gives its name, if it was known.
    pub(super) fn forget_room(&mut self, room: RoomId) -> Option<String> {
        let name = self.rooms.leave(room)?;
        if self.rooms.current() == Some(room) {
            self.rooms.set_current(None);
            self.view = View {
                server: std::mem::take(&mut self.view.server),
                me: std::mem::take(&mut self.view.me),
                status: std::mem::take(&mut self.view.status),
                ..View::default()
            };
            if let Some(home) = self.rooms.home() {
                self.open(home);
            }
        }
        Some(name)
    }

    fn take_log_event(&mut self, event: &Event) {
        let me = self.client.user_id();
        let is_current = self.rooms.current() == Some(event.room_id);
        let Some(state) = self.rooms.get(event.room_id) else { return };
        state.head_seq = state.head_seq.max(event.seq);
        match &event.content {
            Some(LogContent::MessageCreated(message)) => {
                state.see(&message.author.username);
                state.stops_writing(message.author.id);
                if message.author.id != me && event.seq > state.counted_up_to {
                    state.unread += 1;
                    state.mentions += u64::from(message.mentions.contains(&me));
                }
                if message.author.id == me {
                    self.unsent.remove(&message.client_msg_id);
                }
            }
            Some(LogContent::MemberJoined { user }) => state.see(&user.username),
            Some(LogContent::RoomUpdated { room } | LogContent::RoomArchived { room }) => state.describe(room),
            _ => {}
        }
        let is_shown = is_current || self.rooms.get(event.room_id).is_some_and(|state| state.is_open);
        if let Some(log) = self.log(event.room_id).filter(|_| is_shown) {
            show(log, event, me);
        }
        if is_current && matches!(event.content, Some(LogContent::MemberJoined { .. })) {
            self.ask_who_is_online();
        }
    }

    fn take_passing(&mut self, event: PassingEvent) {
        let me = self.client.user_id();
        match event {
            PassingEvent::TypingStarted { room_id, data } if data.user.id != me => {
                if let Some(state) = self.rooms.get(room_id) {
                    state.writes(data.user.id, &data.user.username);
                }
            }
            PassingEvent::TypingStopped { room_id, data } => {
                if let Some(state) = self.rooms.get(room_id) {
                    state.stops_writing(data.user.id);
                }
            }
            PassingEvent::ReadUpdated { room_id, data } if data.user_id == me => {
                if let Some(state) = self.rooms.get(room_id) {
                    state.read_up_to(data.read_seq);
                }
            }
            PassingEvent::PresenceChanged { data } => {
                let Some(room) = self.rooms.current() else { return };
                let knows = self.rooms.all().fold(true, |knows, state| {
                    let knew = state.change_presence(data.user_id, data.status);
                    knows && (knew || state.id != room)
                });
                if !knows {
                    self.ask_who_is_online();
                }
            }
            PassingEvent::TypingStarted { .. }
            | PassingEvent::ReadUpdated { .. }
            | PassingEvent::RoomAdded { .. }
            | PassingEvent::RoomRemoved { .. }
            | PassingEvent::SessionExpiring { .. } => {}
        }
    }

    fn take_sending(&mut self, room: RoomId, key: Uuid, state: SendState) {
        let delivery = match state {
            SendState::Waiting => Delivery::Waiting,
            SendState::Sent => Delivery::Sending,
            SendState::Acknowledged(sent) => {
                let unsent = self.unsent.remove(&key);
                if let Some(unsent) = unsent {
                    let line = unsent.message.body.lines().next().unwrap_or_default().to_owned();
                    self.screen.set_done(words::sent(&self.rooms.name(room), &line));
                }
                if let Some(log) = self.log(room) {
                    log.settle(key, sent.message_id, sent.seq, sent.created_at);
                }
                return;
            }
            SendState::Refused(refusal) => {
                self.unsent.remove(&key);
                Delivery::Failed(refusal.to_string())
            }
            // It is sent when somebody has signed in again.
            SendState::Abandoned(why) => Delivery::Failed(why),
        };
        if let Some(log) = self.log(room) {
            log.set_delivery(key, delivery);
        }
    }
}
