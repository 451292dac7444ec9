//! The conversation on a screen: what the keyboard wants and what the connection tells, until somebody leaves.

mod done;
mod entries;
mod hearing;
mod leaving;
mod obeying;
mod page;
mod room;
mod rooms;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use kernel::{Clock, RoomId, SystemClock};
use natter_client::{Client, Error, Live, LiveOptions, OnResync, ServerInfo, Update};
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use crate::actions::{Desk, Place};
use crate::completion::Names;
use crate::failure::{ExitStatus, Failure};
use crate::screen::{Action, Entry, Palette, Screen, Signal, Signals, Status, Terminal, View};
use done::Done;
use leaving::Unsent;
pub(crate) use leaving::{LeftOver, Parted};
use rooms::Rooms;

/// How long telling the last mark may take when one leaves.
const LAST_WORD: Duration = Duration::from_millis(500);
/// Updates that are taken in before the screen is drawn again: a crowd of them costs one frame.
const AT_ONCE: usize = 500;

/// Up to where a room was read, to be told at a time.
#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    room: RoomId,
    seq: u64,
}

struct App {
    client: Client,
    live: Live,
    /// What the server can do, once it has said so.
    info: Option<Arc<ServerInfo>>,
    rooms: Rooms,
    /// Names of rooms that one can join.
    public_rooms: Vec<String>,
    view: View,
    screen: Screen,
    names: Names,
    unsent: HashMap<Uuid, Unsent>,
    /// How many messages were sent.
    sent: u64,
    done: mpsc::UnboundedSender<Done>,
    /// When the connection will be tried again.
    retry_at: Option<Instant>,
    /// What was read and is not told yet.
    mark: Option<Mark>,
    /// When it was last asked who is online, and when that is to be done again.
    online_asked_at: Option<Instant>,
    ask_online_at: Option<Instant>,
    /// When messages are asked for again that did not come.
    load_again_at: Option<Instant>,
    /// Whether one is on the way to another room.
    is_moving: bool,
    /// The room that one leaves as soon as one's messages to it are sent.
    leaves_when_sent: Option<RoomId>,
    /// What was typed meanwhile.
    waiting: VecDeque<String>,
    /// When the server was last told that one writes.
    typing_told_at: Option<Instant>,
    was_warned: bool,
    /// The room that one is leaving.
    leaving: Option<RoomId>,
    /// Whether the session is being ended: that the connection ends with it is no news.
    is_signing_out: bool,
    /// Whether the connection is gone for good.
    is_over: bool,
    parted: Option<Parted>,
}

/// Opens the screen and lives on it. `left_over` is what was being written before.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) async fn run(client: &Client, signals: &mut Signals, left_over: LeftOver) -> Result<Parted, Failure> {
    let options = LiveOptions { on_resync: OnResync::Skip, ..LiveOptions::default() };
    let (live, mut updates) = client.live(options);
    let (done, mut dones) = mpsc::unbounded_channel();
    let palette = Palette::from_no_color(std::env::var_os("NO_COLOR").as_deref());
    let mut screen = Screen::new(palette, TimeZone::system());
    // What somebody else has written is not sent in this one's name.
    let is_same = left_over.user == Some(client.user_id());
    screen.set_draft(&left_over.draft);
    let view = View {
        server: client.address().to_string().trim_start_matches("http://").to_owned(),
        me: client.username().to_owned(),
        ..View::default()
    };
    let mut app = App {
        client: client.clone(),
        live,
        info: None,
        rooms: Rooms::default(),
        public_rooms: Vec::new(),
        view,
        screen,
        names: Names::default(),
        unsent: HashMap::new(),
        sent: 0,
        done,
        retry_at: None,
        mark: None,
        online_asked_at: None,
        ask_online_at: None,
        load_again_at: None,
        is_moving: false,
        leaves_when_sent: None,
        waiting: VecDeque::new(),
        typing_told_at: None,
        was_warned: false,
        leaving: None,
        is_signing_out: false,
        is_over: false,
        parted: None,
    };
    app.ask_for_info();
    for message in left_over.unsent.into_iter().filter(|_| is_same) {
        app.send(message);
    }
    let mut terminal = Terminal::enter().map_err(|error| {
        Failure::new(ExitStatus::Failed, format!("The screen cannot be opened: {error}. Try --plain."))
    })?;
    let mut keys = EventStream::new();
    loop {
        app.refresh();
        terminal.draw(|frame| app.screen.draw(frame, &app.view, SystemClock.now()))?;
        app.after_drawing();
        if let Some(parted) = app.parted.take() {
            drop(terminal);
            if let Some(Mark { room, seq, .. }) = app.mark.take() {
                let _ = tokio::time::timeout(LAST_WORD, app.live.mark_read(room, seq)).await;
            }
            app.live.close().await;
            return Ok(parted);
        }
        let deadline = app.next_deadline();
        tokio::select! {
            key = keys.next() => match key {
                Some(Ok(event)) => app.take_event(event, &mut terminal)?,
                // The terminal is gone.
                Some(Err(_)) | None => app.parted = Some(Parted::BySignal(Signal::HangUp)),
            },
            update = updates.next(), if !app.is_over => {
                app.hear(update);
                for _ in 0..AT_ONCE {
                    let Some(update) = updates.try_next() else { break };
                    app.hear(Some(update));
                }
            }
            Some(done) = dones.recv() => app.take(done),
            signal = signals.next() => match signal {
                Signal::Continued => terminal.continued()?,
                other => app.parted = Some(Parted::BySignal(other)),
            },
            () = until(deadline) => app.keep_time(),
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl App {
    fn take_event(&mut self, event: crossterm::event::Event, terminal: &mut Terminal) -> io::Result<()> {
        for action in self.screen.handle(event, &self.view, &self.names) {
            match action {
                Action::Submit(text) => self.obey(&text),
                Action::LoadOlder => self.load_older(done::PAGE),
                Action::NextRoom => self.open_neighbour(1),
                Action::PreviousRoom => self.open_neighbour(-1),
                Action::RoomNumber(number) => self.open_number(number),
                Action::Typing => self.tell_typing(true),
                Action::StoppedTyping => self.tell_typing(false),
                Action::Read => {}
                Action::Suspend => terminal.suspend()?,
                Action::Redraw => terminal.redraw()?,
                Action::Quit => self.quit(),
            }
        }
        Ok(())
    }

    fn hear(&mut self, update: Option<Update>) {
        match update {
            Some(update) => self.take_update(update),
            None => self.is_over = true,
        }
    }

    /// Says something to the user.
    fn say(&mut self, text: impl Into<String>) {
        self.view.log.push(Entry::Notice { at: SystemClock.now(), text: text.into() });
        self.screen.show_newest();
    }

    fn complain(&mut self, error: &Error) {
        self.say(crate::actions::sentence(error));
    }

    fn place(&self) -> Place {
        Place { room: self.rooms.current(), names: self.rooms.names() }
    }

    fn desk(&self) -> Option<Desk> {
        let info = Arc::clone(self.info.as_ref()?);
        Some(Desk { client: self.client.clone(), live: self.live.clone(), info })
    }

    /// What depends on the time.
    fn keep_time(&mut self) {
        let now = Instant::now();
        if self.mark.is_some_and(|mark| mark.at <= now) {
            self.mark_read();
        }
        if self.ask_online_at.is_some_and(|at| at <= now) {
            // Also when there is no room any more to ask about: a time that has passed must not stay.
            self.ask_online_at = None;
            self.ask_who_is_online();
        }
        if self.load_again_at.is_some_and(|at| at <= now) {
            self.load_again_at = None;
            // The newest part, if that is missing; an older one is asked for by whoever looks at it.
            if let Some(room) = self.rooms.current() {
                self.open(room);
            }
        }
        self.rooms.forget_typing(now);
    }

    fn next_deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        // The seconds until the next attempt are counted down.
        let tick = self.retry_at.filter(|at| *at > now).map(|at| {
            let left = at - now;
            now + Duration::from_millis(1 + u64::from(left.subsec_millis()))
        });
        let redraw = self.screen.redraw_in(SystemClock.now()).map(|after| now + after);
        [tick, redraw, self.mark.map(|mark| mark.at), self.ask_online_at, self.load_again_at, self.rooms.typing_ends()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Puts into the view what is kept elsewhere.
    fn refresh(&mut self) {
        self.view.rooms = self.rooms.lines();
        let rooms: BTreeSet<&String> =
            self.view.rooms.iter().map(|room| &room.name).chain(&self.public_rooms).collect();
        self.names.rooms = rooms.into_iter().cloned().collect();
        let now = Instant::now();
        if let (Some(at), Status::Reconnecting { in_seconds, .. }) = (self.retry_at, &mut self.view.status) {
            *in_seconds = at.saturating_duration_since(now).as_secs();
        }
        let Some(room) = self.rooms.current_room() else { return };
        self.view.title.clone_from(&room.name);
        self.view.topic.clone_from(&room.topic);
        self.view.typing = room.typing();
        self.view.online = room.online_names();
        self.view.online_total = room.online.as_ref().map(HashMap::len);
        self.names.users = room.known_names();
    }

    /// What can only be known when the screen has been drawn.
    fn after_drawing(&mut self) {
        if self.screen.wants_older(&self.view) {
            self.load_older(done::PAGE);
        }
        self.note_read();
    }
}
