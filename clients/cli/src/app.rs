//! The conversation on a screen: what the keyboard wants and what the connection tells, until somebody leaves.

mod done;
mod entries;
mod hearing;
mod obeying;
mod room;
mod rooms;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use kernel::{Clock, RoomId, SystemClock};
use natter_client::{Client, Ended, Error, Live, LiveOptions, OnResync, ServerInfo, Update};
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use crate::actions::{Desk, Place};
use crate::completion::Names;
use crate::failure::{ExitStatus, Failure};
use crate::screen::{Action, Entry, Palette, Screen, Signal, Signals, Status, Terminal, View};
use done::Done;
use rooms::Rooms;

/// Updates that are taken in before the screen is drawn again: a crowd of them costs one frame.
const AT_ONCE: usize = 500;

/// How the conversation has ended.
pub(crate) enum Parted {
    /// Its user wanted to leave.
    Quit,
    /// Its user has ended the session.
    SignedOut,
    /// The session is over: sign in again, and go on with what was being typed.
    SessionEnded { why: String, draft: String },
    /// By a signal.
    BySignal(Signal),
}

/// A message that is not acknowledged yet.
struct Unsent {
    room: RoomId,
    body: String,
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
    done: mpsc::UnboundedSender<Done>,
    /// When the connection will be tried again.
    retry_at: Option<Instant>,
    /// When the place up to which was read is told.
    mark_at: Option<Instant>,
    /// When the server was last told that one writes.
    typing_told_at: Option<Instant>,
    was_warned: bool,
    /// The room that one is leaving.
    leaving: Option<RoomId>,
    /// Whether the session is being ended: that the connection ends with it is no news.
    is_signing_out: bool,
    /// Whether the connection is gone for good.
    is_over: bool,
    /// A room that was joined and that the connection has not told of yet, and what to say there.
    awaited: Option<(RoomId, String)>,
    parted: Option<Parted>,
}

/// Opens the screen and lives on it. `draft` is what was being typed before.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) async fn run(client: &Client, signals: &mut Signals, draft: &str) -> Result<Parted, Failure> {
    let options = LiveOptions { on_resync: OnResync::Skip, ..LiveOptions::default() };
    let (live, mut updates) = client.live(options);
    let (done, mut dones) = mpsc::unbounded_channel();
    let palette = Palette::from_no_color(std::env::var_os("NO_COLOR").as_deref());
    let mut screen = Screen::new(palette, TimeZone::system());
    screen.set_draft(draft);
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
        done,
        retry_at: None,
        mark_at: None,
        typing_told_at: None,
        was_warned: false,
        leaving: None,
        is_signing_out: false,
        is_over: false,
        awaited: None,
        parted: None,
    };
    app.ask_for_info();
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

    /// Leaves, unless something is not sent yet: then that is said first.
    fn quit(&mut self) {
        if self.unsent.is_empty() || std::mem::replace(&mut self.was_warned, true) {
            self.parted = Some(Parted::Quit);
            return;
        }
        let what = match self.unsent.len() {
            1 => "A message has not been sent yet".to_owned(),
            many => format!("{many} messages have not been sent yet"),
        };
        self.screen.set_hint(format!("{what}. Once more leaves without sending."));
    }

    fn hear(&mut self, update: Option<Update>) {
        match update {
            Some(update) => self.take_update(update),
            None => self.is_over = true,
        }
    }

    /// The connection is gone for good.
    fn part(&mut self, ended: Ended) {
        match ended {
            Ended::SessionEnded(_) if self.is_signing_out => {}
            Ended::SessionEnded(why) => {
                self.parted = Some(Parted::SessionEnded { why, draft: self.screen.draft().to_owned() });
            }
            Ended::Refused(why) => self.view.status = Status::Ended { why },
            // By ourselves, when we leave.
            Ended::Closed => {}
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
        if self.mark_at.is_some_and(|at| at <= now) {
            self.mark_at = None;
            self.mark_read();
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
        [tick, redraw, self.mark_at, self.rooms.typing_ends()].into_iter().flatten().min()
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
