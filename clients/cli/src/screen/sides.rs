//! The columns beside the log: one's rooms, and who is online.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::clean::{fit, width};
use super::theme::Palette;
use super::view::{RoomLine, View};

/// The rooms, with what is unread; the current one is always among those shown.
pub(super) fn draw_rooms(area: Rect, buffer: &mut Buffer, view: &View, palette: Palette) {
    let inner = Rect { width: area.width - 1, ..area };
    rule(Rect { x: inner.right(), width: 1, ..area }, buffer, palette);
    let current = view.rooms.iter().position(|room| room.is_current).unwrap_or(0);
    let height = usize::from(inner.height);
    let skipped = (current + 1).saturating_sub(height);
    for (y, (index, room)) in (inner.y..inner.bottom()).zip(view.rooms.iter().enumerate().skip(skipped)) {
        draw_room(Rect { y, height: 1, ..inner }, buffer, room, index, palette);
    }
}

fn draw_room(row: Rect, buffer: &mut Buffer, room: &RoomLine, index: usize, palette: Palette) {
    let counts = counts(room.unread, room.mentions);
    let key = if index < 9 { format!("{} ", index + 1) } else { "  ".to_owned() };
    let cells = usize::from(row.width);
    let room_for_name = cells.saturating_sub(width(&key) + width(&counts) + 1);
    let (name_style, counts_style) = match (room.mentions, room.unread) {
        (0, 0) => (Style::new(), Style::new()),
        (0, _) => (palette.bold(), palette.bold()),
        _ => (palette.bold(), palette.mention()),
    };
    let (x, y) = buffer.set_stringn(row.x, row.y, key, cells, palette.dim());
    buffer.set_stringn(x, y, fit(&room.name, room_for_name), room_for_name, name_style);
    let at = row.right().saturating_sub(u16::try_from(width(&counts)).unwrap_or(0));
    buffer.set_stringn(at, y, &counts, cells, counts_style);
    if room.is_current {
        buffer.set_style(row, palette.chosen());
    }
}

/// `3`, `@1 3`, or nothing.
pub(super) fn counts(unread: u64, mentions: u64) -> String {
    let short = |count: u64| if count > 999 { "999+".to_owned() } else { count.to_string() };
    match (unread, mentions) {
        (0, 0) => String::new(),
        (unread, 0) => short(unread),
        (unread, mentions) => format!("@{} {}", short(mentions), short(unread)),
    }
}

/// Who is online.
pub(super) fn draw_people(area: Rect, buffer: &mut Buffer, view: &View, palette: Palette) {
    rule(Rect { width: 1, ..area }, buffer, palette);
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
    let cells = usize::from(inner.width);
    let total = view.online_total.unwrap_or(view.online.len()).max(view.online.len());
    let title = if view.online_total.is_some() { format!("Online: {total}") } else { "Online".to_owned() };
    buffer.set_stringn(inner.x, inner.y, title, cells, palette.bold());
    let room = usize::from(inner.height.saturating_sub(1));
    let named = if total > room { room.saturating_sub(1) } else { room };
    let mut rest = total;
    let mut y = inner.y + 1;
    for name in view.online.iter().take(named) {
        let (x, _) = buffer.set_span(inner.x, y, &Span::styled("● ", palette.good()), inner.width);
        let style = if *name == view.me { palette.dim() } else { Style::new() };
        buffer.set_stringn(x, y, fit(name, cells.saturating_sub(2)), cells.saturating_sub(2), style);
        rest -= 1;
        y += 1;
    }
    if rest > 0 && y < inner.bottom() {
        buffer.set_stringn(inner.x, y, format!("and {rest} more"), cells, palette.dim());
    }
}

fn rule(area: Rect, buffer: &mut Buffer, palette: Palette) {
    for y in area.y..area.bottom() {
        buffer.set_string(area.x, y, "│", palette.dim());
    }
}
