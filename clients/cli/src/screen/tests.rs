//! The screen as a whole: what is seen in which size, and what the keys do to it.

mod keys;
mod layouts;
mod log_order;
mod robustness;
mod scrolling;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use kernel::{RoomId, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use uuid::Uuid;

use super::{Action, Delivery, Entry, Log, Message, Palette, RoomLine, Screen, Status, View};
use crate::completion::Names;

fn at(text: &str) -> Timestamp {
    serde_json::from_str(&format!("\"2026-11-24T{text}:00.000Z\"")).unwrap()
}

fn message(seq: u64, author: &str, body: &str) -> Message {
    Message {
        key: Uuid::from_u128(u128::from(seq)),
        id: Some(Uuid::from_u128(u128::from(seq)).into()),
        seq: Some(seq),
        author: author.to_owned(),
        is_own: author == "alice",
        at: at("12:04"),
        body: body.to_owned(),
        is_emote: false,
        edited: false,
        deleted: false,
        reply_to: None,
        reactions: Vec::new(),
        delivery: Delivery::Done,
        mentions_me: false,
    }
}

fn log_of(messages: impl IntoIterator<Item = Message>) -> Log {
    let mut log = Log::new();
    for message in messages {
        log.push(Entry::Message(message));
    }
    log
}

/// Messages with these numbers, each of one row at the usual widths.
fn numbered(numbers: std::ops::RangeInclusive<u64>) -> Log {
    log_of(numbers.map(|seq| message(seq, "bob", &format!("line {seq}"))))
}

fn room(name: &str, unread: u64, mentions: u64, is_current: bool) -> RoomLine {
    RoomLine { id: RoomId::new(), name: name.to_owned(), unread, mentions, is_current }
}

fn view(log: Log) -> View {
    View {
        server: "localhost:8080".into(),
        me: "alice".into(),
        rooms: vec![room("global", 0, 0, true), room("dev", 3, 0, false), room("garden", 7, 1, false)],
        title: "global".into(),
        topic: Some("Everybody is here".into()),
        log,
        typing: Vec::new(),
        online: vec!["alice".into(), "bob".into()],
        online_total: Some(2),
        status: Status::Connected,
    }
}

/// A screen on a terminal in memory.
struct Fixture {
    screen: Screen,
    terminal: Terminal<TestBackend>,
    view: View,
    names: Names,
}

impl Fixture {
    fn new(width: u16, height: u16, view: View) -> Self {
        Self::with(Palette::Coloured, width, height, view)
    }

    fn with(palette: Palette, width: u16, height: u16, view: View) -> Self {
        let names = Names { rooms: vec!["global".into(), "garden".into()], users: vec!["bob".into()] };
        let screen = Screen::new(palette, TimeZone::UTC);
        Self { screen, terminal: Terminal::new(TestBackend::new(width, height)).unwrap(), view, names }
    }

    fn draw_at(&mut self, now: Timestamp) -> String {
        self.terminal.draw(|frame| self.screen.draw(frame, &self.view, now)).unwrap();
        let buffer = self.terminal.backend().buffer();
        text(buffer)
    }

    fn draw(&mut self) -> String {
        self.draw_at(at("13:00"))
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
    }

    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Action> {
        self.screen.handle(Event::Key(KeyEvent::new(code, modifiers)), &self.view, &self.names)
    }

    fn key(&mut self, code: KeyCode) -> Vec<Action> {
        self.press(code, KeyModifiers::NONE)
    }

    fn control(&mut self, letter: char) -> Vec<Action> {
        self.press(KeyCode::Char(letter), KeyModifiers::CONTROL)
    }

    fn type_in(&mut self, text: &str) -> Vec<Action> {
        text.chars().flat_map(|c| self.key(KeyCode::Char(c))).collect()
    }
}

/// The rows of a buffer, without the spaces at their ends; what is behind a wide character is not counted twice.
fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let row = |y| {
        let mut row = String::new();
        let mut x = area.x;
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(super::clean::width(symbol)).unwrap().max(1);
        }
        row.trim_end().to_owned()
    };
    (area.y..area.bottom()).map(row).collect::<Vec<_>>().join("\n")
}
