//! The full-screen view: it turns events of the keyboard into actions, and a [`View`] into cells.

mod entry;
mod log;
mod signals;
mod terminal;
mod view;

use crossterm::event::Event;
use kernel::Timestamp;
use ratatui::Frame;

pub use entry::{Delivery, Entry, Message};
pub use log::{Find, Log, MAX_ENTRIES};
pub use signals::{Signal, Signals};
pub use terminal::Terminal;
pub use view::{RoomLine, Status, View};

use crate::completion::Names;

/// What the user wants, which the screen cannot do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send or do this: a text for [`commands::parse`](crate::commands::parse), never blank.
    Submit(String),
    /// Fetch what is before the oldest entry of the log.
    LoadOlder,
    /// Show the next room of the list, round and round.
    NextRoom,
    /// Show the one before.
    PreviousRoom,
    /// Show the room at this place of the list: 1 to 9.
    RoomNumber(usize),
    /// The user is writing a message; comes with every key, so that the app has to thin it out.
    Typing,
    /// The user is no longer writing one.
    StoppedTyping,
    /// The newest entry has come into sight.
    Read,
    /// Stop the program, as `Ctrl-Z` does: `Terminal::suspend`.
    Suspend,
    /// Leave the program.
    Quit,
    /// Draw everything anew: `Terminal::redraw`.
    Redraw,
}

/// How things look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// With the terminal's 16 colours.
    #[default]
    Coloured,
    /// Bold, dim and reversed only.
    Plain,
}

impl Palette {
    /// Plain if the variable `NO_COLOR` has a value that is not empty (no-color.org).
    pub fn from_no_color(value: Option<&std::ffi::OsStr>) -> Self {
        if value.is_some_and(|value| !value.is_empty()) { Self::Plain } else { Self::Coloured }
    }
}

/// The state of the screen that is nobody else's business: the input, where it is scrolled to, what is being completed.
#[derive(Debug)]
pub struct Screen {
    palette: Palette,
}

impl Screen {
    /// A screen with an empty input that shows the newest entries; times are told in this zone.
    pub fn new(palette: Palette, _zone: jiff::tz::TimeZone) -> Self {
        Self { palette }
    }

    /// Takes an event in and says what follows from it, in order. Whatever it was, draw afterwards.
    pub fn handle(&mut self, _event: Event, _view: &View, _names: &Names) -> Vec<Action> {
        Vec::new()
    }

    /// Draws everything. Works in every size; needs 40×8 cells to be of use.
    pub fn draw(&mut self, _frame: &mut Frame<'_>, _view: &View, _now: Timestamp) {}

    /// Whether the newest entry is in sight, so that the room counts as read.
    pub fn shows_newest(&self) -> bool {
        true
    }

    /// Whether older entries should be fetched although no key asked for them, because the log does not fill the screen.
    /// Ask after drawing.
    pub fn wants_older(&mut self, _view: &View) -> bool {
        false
    }

    /// After how many milliseconds the screen should be drawn again though nothing happened.
    pub fn redraw_in(&self, _now: Timestamp) -> Option<std::time::Duration> {
        None
    }
}
