//! The single rows: the room's header, the hint above the input, and the status below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::clean::{fit, width};
use super::sides::counts;
use super::theme::Palette;
use super::view::{Status, View};
use crate::completion::Completion;

/// The room's name and topic; on a narrow screen, what is unread in the others as well.
pub(super) fn draw_header(area: Rect, buffer: &mut Buffer, view: &View, has_rooms: bool, palette: Palette) {
    let cells = usize::from(area.width);
    let mut spans = vec![Span::styled(fit(&view.title, cells / 2), palette.bold())];
    if !has_rooms {
        let others = || view.rooms.iter().filter(|room| !room.is_current);
        let unread = others().fold(0_u64, |sum, room| sum.saturating_add(room.unread));
        let mentions = others().fold(0_u64, |sum, room| sum.saturating_add(room.mentions));
        if unread > 0 || mentions > 0 {
            let style = if mentions > 0 { palette.mention() } else { palette.bold() };
            spans.push(Span::styled(format!("  {} elsewhere", counts(unread, mentions)), style));
        }
    }
    if let Some(topic) = view.topic.as_deref().filter(|topic| !topic.trim().is_empty()) {
        let used: usize = spans.iter().map(|span| width(&span.content)).sum();
        spans.push(Span::styled(fit(&format!(" — {topic}"), cells.saturating_sub(used)), palette.dim()));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Who is writing, for people.
pub(super) fn typing(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} is typing…")),
        [one, two] => Some(format!("{one} and {two} are typing…")),
        [one, two, rest @ ..] => Some(format!("{one}, {two} and {} more are typing…", rest.len())),
    }
}

/// The candidates of a completion, with the chosen one in sight.
pub(super) fn candidates(completion: &Completion, cells: usize, palette: Palette) -> Line<'static> {
    let shown: Vec<String> = completion.candidates().iter().take(1_000).map(|name| fit(name, cells / 2)).collect();
    let chosen = completion.chosen().min(shown.len().saturating_sub(1));
    let taken = |from: usize| shown.iter().take(chosen + 1).skip(from).map(|name| width(name) + 2).sum::<usize>();
    let first = (0..=chosen).find(|from| taken(*from) <= cells).unwrap_or(chosen);
    let spans = shown.into_iter().enumerate().skip(first).flat_map(|(index, name)| {
        [Span::styled(name, if index == chosen { palette.chosen() } else { palette.dim() }), Span::raw("  ")]
    });
    // More than one for each cell cannot be seen.
    Line::from(spans.take(2 * cells).collect::<Vec<_>>())
}

/// How the connection stands, where, who one is, and what helps.
pub(super) fn draw_status(
    area: Rect,
    buffer: &mut Buffer,
    view: &View,
    caught_up: bool,
    has_people: bool,
    palette: Palette,
) {
    let (state, style) = match &view.status {
        Status::Connecting => ("○ connecting…".to_owned(), palette.waiting()),
        Status::Connected if caught_up => ("● caught up".to_owned(), palette.good()),
        Status::Connected => ("● connected".to_owned(), palette.good()),
        Status::CatchingUp => ("◌ catching up…".to_owned(), palette.waiting()),
        Status::Reconnecting { in_seconds, why } => {
            (format!("○ reconnecting in {in_seconds} s ({why})"), palette.waiting())
        }
        Status::Ended { why } => (format!("✗ {why}"), palette.error()),
    };
    let cells = usize::from(area.width);
    let mut rest = vec![view.me.clone(), view.server.clone()];
    if let Some(total) = view.online_total.filter(|_| !has_people) {
        rest.insert(0, format!("{total} online"));
    }
    rest.push("F1 help".to_owned());
    let mut spans = vec![Span::styled(fit(&state, cells), style)];
    let mut used = width(&spans[0].content);
    for item in rest {
        let item = format!(" · {}", fit(&item, cells));
        used += width(&item);
        // Half a name helps nobody: what does not fit is left out.
        if used <= cells {
            spans.push(Span::styled(item, palette.dim()));
        } else {
            used -= width(&item);
        }
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// A row of text, cut where it does not fit.
pub(super) fn draw_text(area: Rect, buffer: &mut Buffer, text: &str, style: Style) {
    let cells = usize::from(area.width);
    buffer.set_stringn(area.x, area.y, fit(text, cells), cells, style);
}
