//! The part of the screen that shows the log, and the place in the log that it shows. It lays out only what is in sight: the
//! place is told from an entry, never from the top, so that nobody has to know how many rows there are in all.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ratatui::text::Line;

use super::calendar::{day, day_name};
use super::log::Log;
use super::paper::Paper;

/// How many entries' rows are kept; more than are in sight on any screen.
const MAX_LAID_OUT: usize = 1_024;

/// The entry at the lower edge; found again by its number where it was taken out.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    id: u64,
    seq: Option<u64>,
    /// How many of its rows are below the edge.
    below: usize,
    /// The log's highest number when the newest entry went out of sight.
    seen: Option<u64>,
}

/// The lower edge, in a log that does not change meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    index: usize,
    below: usize,
}

#[derive(Debug)]
pub(super) struct Pane {
    paper: Paper,
    height: usize,
    today: Date,
    /// `None`: the newest entry is at the lower edge, and stays there.
    anchor: Option<Anchor>,
    laid_out: HashMap<u64, Arc<[Line<'static>]>>,
    /// How often an entry was laid out, for tests of the work that a frame takes.
    #[cfg(test)]
    pub(super) work: usize,
}

impl Pane {
    pub(super) fn new(paper: Paper) -> Self {
        Self {
            paper,
            height: 0,
            today: Date::default(),
            anchor: None,
            laid_out: HashMap::new(),
            #[cfg(test)]
            work: 0,
        }
    }

    /// Takes another size; what was laid out for another width is forgotten.
    pub(super) fn resize(&mut self, width: usize, height: usize, numbered: bool, today: Date) {
        if (width, numbered) != (self.paper.width, self.paper.numbered) {
            self.laid_out.clear();
        }
        self.paper.width = width;
        self.paper.numbered = numbered;
        self.height = height;
        self.today = today;
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.paper.zone
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn shows_newest(&self) -> bool {
        self.anchor.is_none()
    }

    pub(super) fn show_newest(&mut self) {
        self.anchor = None;
    }

    pub(super) fn show_oldest(&mut self, log: &Log) {
        self.stay(log, Place { index: 0, below: usize::MAX });
        let place = self.place(log);
        let place = self.filled(log, place);
        self.stay(log, place);
    }

    /// Messages of others that came since the newest entry went out of sight.
    pub(super) fn unseen(&self, log: &Log) -> usize {
        let Some(anchor) = self.anchor else { return 0 };
        let later = log.entries().rev().take_while(|entry| entry.seq().is_none_or(|seq| Some(seq) > anchor.seen));
        later.filter_map(super::entry::Entry::message).filter(|message| !message.is_own).count()
    }

    pub(super) fn up(&mut self, log: &Log, rows: usize) {
        if self.height == 0 || log.is_empty() {
            return;
        }
        let place = self.place(log);
        let place = self.higher(log, place, rows);
        let place = self.filled(log, place);
        self.stay(log, place);
    }

    pub(super) fn down(&mut self, log: &Log, rows: usize) {
        if log.is_empty() {
            return;
        }
        let place = self.place(log);
        let place = self.lower(log, place, rows);
        self.stay(log, place);
    }

    /// Whether less than a screen is above what is in sight.
    pub(super) fn is_near_the_top(&mut self, log: &Log) -> bool {
        if self.height == 0 || log.is_empty() {
            return self.height > 0;
        }
        let mut place = self.place(log);
        let mut above = self.rows_of(log, place.index).saturating_sub(place.below);
        while above < 2 * self.height && place.index > 0 {
            place.index -= 1;
            above += self.rows_of(log, place.index);
        }
        above < 2 * self.height
    }

    /// The rows in sight, from above; fewer than the height if the log has no more.
    pub(super) fn visible(&mut self, log: &Log) -> Vec<Line<'static>> {
        if log.is_empty() || self.height == 0 {
            return Vec::new();
        }
        if self.laid_out.len() > MAX_LAID_OUT {
            self.laid_out.clear();
        }
        let place = self.place(log);
        let place = self.filled(log, place);
        if self.anchor.is_some() {
            self.stay(log, place);
        }
        let mut rows = Vec::new();
        let mut hidden = place.below;
        for index in (0..=place.index).rev() {
            let head = self.head(log, index);
            let body = self.body(log, index);
            let shown = head.iter().chain(body.iter()).rev().skip(hidden).take(self.height - rows.len());
            rows.extend(shown.cloned());
            hidden = 0;
            if rows.len() >= self.height {
                break;
            }
        }
        rows.reverse();
        rows
    }

    /// Where the lower edge is now.
    fn place(&mut self, log: &Log) -> Place {
        let newest = Place { index: log.len().saturating_sub(1), below: 0 };
        let Some(anchor) = self.anchor else { return newest };
        let found = log.index_of(anchor.id).or_else(|| log.index_from(anchor.seq?));
        let Some(index) = found else {
            self.anchor = None;
            return newest;
        };
        let below = if anchor.below == 0 { 0 } else { anchor.below.min(self.rows_of(log, index).saturating_sub(1)) };
        Place { index, below }
    }

    fn stay(&mut self, log: &Log, place: Place) {
        let is_newest = place.index + 1 >= log.len() && place.below == 0;
        let seen = self.anchor.map_or_else(|| log.last_seq(), |anchor| anchor.seen);
        self.anchor = match log.slot(place.index) {
            Some(slot) if !is_newest => Some(Anchor { id: slot.id, seq: slot.entry.seq(), below: place.below, seen }),
            _ => None,
        };
    }

    fn higher(&mut self, log: &Log, mut place: Place, rows: usize) -> Place {
        place.below = place.below.saturating_add(rows);
        loop {
            let all = self.rows_of(log, place.index);
            if place.below < all {
                return place;
            }
            if place.index == 0 {
                return Place { index: 0, below: all.saturating_sub(1) };
            }
            place = Place { index: place.index - 1, below: place.below - all };
        }
    }

    fn lower(&mut self, log: &Log, mut place: Place, mut rows: usize) -> Place {
        while rows > place.below {
            if place.index + 1 >= log.len() {
                return Place { below: 0, ..place };
            }
            rows -= place.below + 1;
            place.index += 1;
            place.below = self.rows_of(log, place.index).saturating_sub(1);
        }
        Place { below: place.below - rows, ..place }
    }

    /// The place, or one further down, if there is nothing above to fill the pane with.
    fn filled(&mut self, log: &Log, place: Place) -> Place {
        let mut above = 0;
        for index in (0..=place.index).rev() {
            above += self.rows_of(log, index);
            above -= if index == place.index { place.below.min(above) } else { 0 };
            if above >= self.height {
                return place;
            }
        }
        self.lower(log, place, self.height - above)
    }

    fn rows_of(&mut self, log: &Log, index: usize) -> usize {
        self.head(log, index).len() + self.body(log, index).len()
    }

    fn body(&mut self, log: &Log, index: usize) -> Arc<[Line<'static>]> {
        let Some(slot) = log.slot(index) else { return Arc::from([]) };
        if let Some(rows) = self.laid_out.get(&slot.stamp) {
            return Arc::clone(rows);
        }
        #[cfg(test)]
        {
            self.work += 1;
        }
        let rows: Arc<[Line<'static>]> = self.paper.rows(&slot.entry).into();
        self.laid_out.insert(slot.stamp, Arc::clone(&rows));
        rows
    }

    /// What is above an entry because of where it stands: the beginning of the log, a new day, the line above what is new.
    fn head(&self, log: &Log, index: usize) -> Vec<Line<'static>> {
        let mut head = Vec::new();
        let Some(slot) = log.slot(index) else { return head };
        let before = index.checked_sub(1).and_then(|index| log.slot(index));
        let (palette, zone) = (self.paper.palette, &self.paper.zone);
        if before.is_none() {
            head.extend(beginning(log).map(|text| self.across(&text, palette.dim())));
        }
        let date = day(slot.entry.at(), zone);
        if before.is_none_or(|before| day(before.entry.at(), zone) != date) {
            head.push(self.across(&day_name(date, self.today), palette.dim()));
        }
        if let (Some(seq), Some(read)) = (slot.entry.seq(), log.unread_after)
            && seq > read
            && log.seq_before(index).is_none_or(|before| before <= read)
        {
            head.push(self.across("new", palette.new_line()));
        }
        head
    }

    fn across(&self, text: &str, style: ratatui::style::Style) -> Line<'static> {
        let text = super::clean::fit(text, self.paper.width.saturating_sub(6));
        Line::styled(format!("── {text} ──"), style)
    }
}

fn beginning(log: &Log) -> Option<String> {
    if log.is_loading {
        Some("loading older messages…".to_owned())
    } else if log.has_more_before && log.is_full() {
        Some(format!("{} entries are kept here; /search finds older ones", super::log::MAX_ENTRIES))
    } else if log.has_more_before {
        Some("there is more: PageUp".to_owned())
    } else {
        log.first_seq().filter(|seq| *seq == 1).map(|_| "the room begins here".to_owned())
    }
}
