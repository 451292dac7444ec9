//! The full-screen view: it turns events of the keyboard into actions, and a [`View`] into cells.

mod areas;
mod bars;
mod calendar;
mod clean;
mod draw;
mod editor;
mod entry;
mod input;
mod keys;
mod log;
mod pane;
mod paper;
mod recall;
mod sides;
mod signals;
mod terminal;
mod text_rows;
mod theme;
mod view;
mod wrap;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::tz::TimeZone;
use kernel::Timestamp;

pub use areas::{MIN_HEIGHT, MIN_WIDTH};
pub use clean::line as clean_line;
pub use editor::MAX_TEXT_BYTES;
pub use entry::{Delivery, Entry, Message};
pub use log::{Find, Log, MAX_ENTRIES};
pub use signals::{Signal, Signals};
pub use terminal::Terminal;
pub use theme::Palette;
pub use view::{RoomLine, Status, View};

use crate::completion::Completion;
use input::Input;
use pane::Pane;
use paper::Paper;

/// How long "caught up" is shown.
const CAUGHT_UP: Duration = Duration::from_secs(3);

/// How long it is shown that something has been done.
const DONE: Duration = Duration::from_secs(4);

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
    /// Stop the program, as `Ctrl-Z` does: [`Terminal::suspend`].
    Suspend,
    /// Leave the program.
    Quit,
    /// Draw everything anew: [`Terminal::redraw`].
    Redraw,
}

/// The state of the screen that is nobody else's business: the input, where it is scrolled to, what is being completed.
#[derive(Debug)]
pub struct Screen {
    palette: Palette,
    input: Input,
    pane: Pane,
    completion: Option<Completion>,
    /// What the last key could not do, until the next one.
    hint: Option<String>,
    /// What has been done, for a moment: since when, once it was drawn.
    done: Option<(String, Option<Timestamp>)>,
    /// Whether another Ctrl-C leaves.
    may_leave: bool,
    is_typing: bool,
    was_catching_up: bool,
    caught_up_at: Option<Timestamp>,
}

impl Screen {
    /// A screen with an empty input that shows the newest entries; times are told in this zone.
    pub fn new(palette: Palette, zone: TimeZone) -> Self {
        Self {
            palette,
            input: Input::default(),
            pane: Pane::new(Paper { width: 0, numbered: false, palette, zone }),
            completion: None,
            hint: None,
            done: None,
            may_leave: false,
            is_typing: false,
            was_catching_up: false,
            caught_up_at: None,
        }
    }

    /// Whether the newest entry is in sight, so that the room counts as read.
    pub fn shows_newest(&self) -> bool {
        self.pane.shows_newest()
    }

    /// Shows the newest entries: for another room.
    pub fn show_newest(&mut self) {
        self.pane.show_newest();
    }

    /// Whether older entries should be fetched: less than a screen of them is above what is in sight, there are more, and
    /// none are on their way. Ask after drawing, too, because a new log may not fill the screen.
    pub fn wants_older(&mut self, view: &View) -> bool {
        let log = &view.log;
        log.has_more_before && !log.is_loading && !log.is_full() && self.pane.is_near_the_top(log)
    }

    /// After how long the screen looks different though nothing happened; whatever tells the time in the [`View`] is the
    /// app's business. Zero when the moment has passed since it was drawn: what it shows is taken away by drawing alone.
    pub fn redraw_in(&self, now: Timestamp) -> Option<Duration> {
        let done = self.done.as_ref().and_then(|(_, since)| *since).map(|since| (DONE, since));
        let caught_up = self.caught_up_at.map(|at| (CAUGHT_UP, at));
        let left = |(lasts, since): (Duration, Timestamp)| lasts.saturating_sub(now.since(since));
        [done, caught_up].into_iter().flatten().map(left).min()
    }

    /// What is in the input: to be kept when the program ends without the user's wish.
    pub fn draft(&self) -> &str {
        self.input.text()
    }

    /// Puts a text into the input, with the cursor at its end: one that could not be sent, to be tried again.
    pub fn set_draft(&mut self, text: &str) {
        self.input.clear();
        if let input::Edit::Refused(full) = self.input.paste(text) {
            self.hint = Some(full.to_string());
        }
    }

    /// Says above the input, for a moment, that something has been done.
    pub fn set_done(&mut self, text: impl Into<String>) {
        self.done = Some((text.into(), None));
    }

    /// Says something above the input until the next key.
    pub fn set_hint(&mut self, text: impl Into<String>) {
        self.hint = Some(text.into());
    }
}
