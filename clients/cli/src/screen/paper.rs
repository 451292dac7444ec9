//! What one entry of the log looks like in rows of a given width.

use jiff::tz::TimeZone;
use kernel::Timestamp;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::calendar::clock_time;
use super::clean::{fit, width};
use super::entry::{Delivery, Entry, Message};
use super::theme::Palette;
use super::wrap::wrap;

/// Twice what a server takes: whatever comes, a frame stays cheap.
const MAX_CHARS: usize = 16_000;

/// No more of a name is shown: long ones must leave room for the text.
const MAX_NAME: usize = 24;

/// What entries are laid out for.
#[derive(Clone, Debug)]
pub(super) struct Paper {
    pub(super) width: usize,
    /// Whether messages show their number.
    pub(super) numbered: bool,
    pub(super) palette: Palette,
    pub(super) zone: TimeZone,
}

impl Paper {
    /// The rows of an entry: one at least.
    pub(super) fn rows(&self, entry: &Entry) -> Vec<Line<'static>> {
        match entry {
            Entry::Message(message) => self.message(message),
            Entry::Happening { seq, text, .. } => {
                self.plain(entry, Some(*seq), Span::styled("— ", self.palette.dim()), text, self.palette.dim())
            }
            Entry::Notice { text, .. } => {
                self.plain(entry, None, Span::styled("[System] ", self.palette.notice()), text, Style::new())
            }
        }
    }

    fn plain(
        &self,
        entry: &Entry,
        seq: Option<u64>,
        lead: Span<'static>,
        text: &str,
        style: Style,
    ) -> Vec<Line<'static>> {
        let mut spans = self.gutter(entry.at(), seq);
        spans.push(lead);
        self.hang(spans, text, style, None)
    }

    fn message(&self, message: &Message) -> Vec<Line<'static>> {
        let palette = self.palette;
        let mut rows = Vec::new();
        if let Some(quoted) = &message.reply_to {
            let quoted = format!("╭ {}", fit(quoted, self.text_width().saturating_sub(2)));
            rows.push(self.indented(Span::styled(quoted, palette.dim())));
        }
        let mut lead = self.gutter(message.at, message.seq);
        let name = Span::styled(fit(&message.author, MAX_NAME.min(self.width / 3)), palette.author(&message.author));
        if message.is_emote {
            lead.extend([Span::raw("* "), name, Span::raw(" ")]);
        } else {
            lead.extend([name, Span::raw(": ")]);
        }
        if message.deleted {
            rows.extend(self.hang(lead, "(deleted)", palette.dim(), None));
            return rows;
        }
        let style = match (&message.delivery, message.mentions_me) {
            (Delivery::Sending | Delivery::Waiting, _) => palette.dim(),
            (_, true) => palette.mention(),
            _ => Style::new(),
        };
        let mark = match message.delivery {
            Delivery::Sending => Some(" (sending)"),
            Delivery::Waiting => Some(" (waiting for the connection)"),
            Delivery::Failed(_) | Delivery::Done => message.edited.then_some(" (edited)"),
        };
        rows.extend(self.hang(lead, &message.body, style, mark));
        if let Delivery::Failed(why) = &message.delivery {
            let why = format!("✗ not sent: {why}");
            rows.extend(
                wrap(&why, self.text_width(), self.text_width())
                    .into_iter()
                    .map(|line| self.indented(Span::styled(line, palette.error()))),
            );
        }
        if !message.reactions.is_empty() {
            let all: Vec<String> =
                message.reactions.iter().take(64).map(|(emoji, count)| format!("{} {count}", fit(emoji, 16))).collect();
            let lines = wrap(&all.join("  "), self.text_width(), self.text_width());
            rows.extend(lines.into_iter().map(|line| self.indented(Span::styled(line, palette.dim()))));
        }
        rows
    }

    /// Time and number.
    fn gutter(&self, at: Timestamp, seq: Option<u64>) -> Vec<Span<'static>> {
        let mut text = format!("{} ", clock_time(at, &self.zone));
        if self.numbered {
            let number = seq.map(|seq| format!("#{seq}")).unwrap_or_default();
            text.push_str(&format!("{number:>5} "));
        }
        vec![Span::styled(text, self.palette.dim())]
    }

    fn indent(&self) -> usize {
        if self.numbered { 12 } else { 6 }
    }

    fn text_width(&self) -> usize {
        self.width.saturating_sub(self.indent()).max(1)
    }

    fn indented(&self, span: Span<'static>) -> Line<'static> {
        Line::from(vec![Span::raw(" ".repeat(self.indent())), span])
    }

    /// What leads the first row, the text behind and below it, and a mark at its end.
    fn hang(
        &self,
        mut lead: Vec<Span<'static>>,
        text: &str,
        style: Style,
        mark: Option<&'static str>,
    ) -> Vec<Line<'static>> {
        let used: usize = lead.iter().map(|span| width(&span.content)).sum();
        let shown = text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| text.get(..end).unwrap_or(text));
        // A name can take so much that the text better begins below.
        let beside = self.width.saturating_sub(used);
        let mut rows = Vec::new();
        let mut lines = if beside < 8 {
            rows.push(Line::from(std::mem::take(&mut lead)));
            wrap(shown, self.text_width(), self.text_width())
        } else {
            wrap(shown, beside, self.text_width())
        };
        let last = lines.pop().unwrap_or_default();
        let last_index = lines.len();
        for (index, line) in lines.into_iter().chain([last]).enumerate() {
            let mut row = if index == 0 && !lead.is_empty() {
                Line::from(std::mem::take(&mut lead))
            } else {
                Line::from(Span::raw(" ".repeat(self.indent())))
            };
            row.push_span(Span::styled(line, style));
            let room = self.width.saturating_sub(row.spans.iter().map(|span| width(&span.content)).sum());
            rows.push(row);
            match mark {
                Some(mark) if index == last_index => {
                    let mark = Span::styled(mark, self.palette.dim());
                    match rows.last_mut() {
                        Some(row) if width(&mark.content) <= room => row.push_span(mark),
                        _ => rows.push(
                            self.indented(Span::styled(fit(mark.content.trim_start(), self.text_width()), mark.style)),
                        ),
                    }
                }
                _ => {}
            }
        }
        rows
    }
}
