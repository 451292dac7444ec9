//! From the view to the cells of a frame.

use kernel::Timestamp;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::areas::{Areas, MIN_HEIGHT, MIN_WIDTH, PROMPT};
use super::calendar::day;
use super::clean::width;
use super::view::{Status, View};
use super::{CAUGHT_UP, DONE, Screen, bars, sides};

/// From this width of the screen on, messages show their number.
const NUMBERED_FROM: u16 = 70;

impl Screen {
    /// Draws everything. Works in every size; needs [`MIN_WIDTH`] × [`MIN_HEIGHT`] cells to be of use.
    pub fn draw(&mut self, frame: &mut Frame<'_>, view: &View, now: Timestamp) {
        self.watch(&view.status, now);
        self.forget_done(now);
        let screen = frame.area();
        let text_width = screen.width.saturating_sub(PROMPT.len() as u16);
        let input_rows = self.input.rows_wanted(text_width, screen.height);
        let Some(areas) = Areas::of(screen, input_rows) else {
            draw_too_small(screen, frame.buffer_mut());
            return;
        };
        let palette = self.palette;
        let today = day(now, self.pane.zone());
        let numbered = screen.width >= NUMBERED_FROM;
        self.pane.resize(usize::from(areas.log.width), usize::from(areas.log.height), numbered, today);
        let buffer = frame.buffer_mut();
        bars::draw_header(areas.header, buffer, view, areas.rooms.is_some(), palette);
        if let Some(area) = areas.rooms {
            sides::draw_rooms(area, buffer, view, palette);
        }
        if let Some(area) = areas.people {
            sides::draw_people(area, buffer, view, palette);
        }
        self.draw_log(areas.log, buffer, view);
        self.draw_hint(areas.hint, buffer, view, now);
        let caught_up = self.caught_up_at.is_some();
        bars::draw_status(areas.status, buffer, view, caught_up, areas.people.is_some(), palette);
        let cursor = self.draw_input(areas.input, buffer);
        frame.set_cursor_position(cursor);
    }

    /// Notices when what was missed has come, and when that has been said for long enough.
    fn watch(&mut self, status: &Status, now: Timestamp) {
        let was_catching_up = std::mem::replace(&mut self.was_catching_up, *status == Status::CatchingUp);
        if was_catching_up && *status == Status::Connected {
            self.caught_up_at = Some(now);
        }
        let is_said = |at: &Timestamp| *status == Status::Connected && now.since(*at) < CAUGHT_UP;
        self.caught_up_at = self.caught_up_at.filter(is_said);
    }

    /// Forgets what has been done when that has been shown for long enough, also when it is out of sight now.
    fn forget_done(&mut self, now: Timestamp) {
        self.done.take_if(|(_, since)| since.is_some_and(|since| now.since(since) >= DONE));
    }

    fn draw_log(&mut self, area: Rect, buffer: &mut Buffer, view: &View) {
        let rows = self.pane.visible(&view.log);
        let blank = area.height.saturating_sub(u16::try_from(rows.len()).unwrap_or(area.height));
        for (y, row) in (area.y + blank..area.bottom()).zip(&rows) {
            buffer.set_line(area.x, y, row, area.width);
        }
    }

    /// One thing at a time: what is being completed, what a key could not do, or who is writing and what has just been
    /// done; and at the right what is out of sight below.
    fn draw_hint(&mut self, area: Rect, buffer: &mut Buffer, view: &View, now: Timestamp) {
        let palette = self.palette;
        let mut left = area;
        if !self.shows_newest() {
            let text = match self.pane.unseen(&view.log) {
                0 => " ↓ End ".to_owned(),
                count => format!(" ↓ {count} new "),
            };
            let cells = u16::try_from(width(&text)).unwrap_or(area.width).min(area.width);
            left.width = area.width - cells;
            bars::draw_text(Rect { x: left.right(), width: cells, ..area }, buffer, &text, palette.chosen());
        }
        if let Some(completion) = &self.completion {
            let line = bars::candidates(completion, usize::from(left.width), palette);
            buffer.set_line(left.x, left.y, &line, left.width);
        } else if let Some(hint) = &self.hint {
            bars::draw_text(left, buffer, hint, palette.waiting());
        } else {
            let done = self.just_done(now);
            let texts: Vec<String> = bars::typing(&view.typing).into_iter().chain(done).collect();
            bars::draw_text(left, buffer, &texts.join("  "), palette.dim());
        }
    }

    /// What has been done a moment ago: the moment begins when it is first drawn.
    fn just_done(&mut self, now: Timestamp) -> Option<String> {
        let (text, since) = self.done.as_mut()?;
        since.get_or_insert(now);
        Some(text.clone())
    }

    /// Draws the input and says where the cursor is.
    fn draw_input(&mut self, area: Rect, buffer: &mut Buffer) -> Position {
        let indent = PROMPT.len() as u16;
        let text = Rect { x: area.x + indent, width: area.width - indent, ..area };
        buffer.set_string(area.x, area.y, PROMPT, self.palette.bold());
        if self.input.is_empty() {
            bars::draw_text(text, buffer, "Write a message, or /help", self.palette.dim());
        }
        let visible = self.input.visible(text.width, text.height);
        for (y, row) in (text.y..text.bottom()).zip(&visible.rows) {
            buffer.set_stringn(text.x, y, row, usize::from(text.width), ratatui::style::Style::new());
        }
        let offset = |cells: usize, limit: u16| u16::try_from(cells).unwrap_or(limit).min(limit - 1);
        Position {
            x: text.x + offset(visible.cursor.column, text.width),
            y: text.y + offset(visible.cursor.row, text.height),
        }
    }
}

fn draw_too_small(screen: Rect, buffer: &mut Buffer) {
    let text = format!("The terminal is too small: natter-cli needs {MIN_WIDTH}×{MIN_HEIGHT}.");
    let lines = super::wrap::wrap(&text, usize::from(screen.width), usize::from(screen.width));
    for (y, line) in (screen.y..screen.bottom()).zip(lines) {
        buffer.set_stringn(screen.x, y, line, usize::from(screen.width), ratatui::style::Style::new());
    }
}
