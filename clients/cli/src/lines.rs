//! What is written where there is no screen: one line for one thing, safe for any terminal.

mod reading;
mod writing;

use contract::chat::Message;
use contract::events::LogContent;
use natter_client::Event;

use crate::screen::clean_line;
use crate::words;

pub(crate) use reading::{Lines, given_lines, read_all, read_lines};
pub(crate) use writing::{aside, complain, say, say_json};

/// What stands before the further lines of a text.
const INDENT: &str = "    ";

/// What an event looks like as a line; `None` for what is no news to people. `room` is the room's name.
pub(crate) fn event_line(room: &str, event: &Event) -> Option<String> {
    match event.content.as_ref()? {
        LogContent::MessageCreated(message) => Some(message_line(room, message)),
        LogContent::MessageEdited { body, .. } => Some(format!("[{room}] * a message was changed: {}", indented(body))),
        LogContent::MessageDeleted { .. } => Some(format!("[{room}] * a message was deleted")),
        _ => words::happening(event).map(|text| format!("[{room}] * {text}")),
    }
}

/// What a message looks like as a line.
pub(crate) fn message_line(room: &str, message: &Message) -> String {
    let name = &message.author.username;
    if message.deleted_at.is_some() {
        return format!("[{room}] {name}: (deleted)");
    }
    match words::emote(message.format, &message.body) {
        Some(text) => format!("[{room}] * {name} {text}"),
        None => format!("[{room}] {name}: {}", indented(&message.body)),
    }
}

/// A text whose further lines cannot be taken for lines of somebody else.
pub(crate) fn indented(text: &str) -> String {
    text.replace('\n', &format!("\n{INDENT}"))
}

/// A text with a line's end, in which nothing can move the cursor, change colours or ring bells.
fn clean(text: &str) -> String {
    let mut clean: String = text.split('\n').map(clean_line).collect::<Vec<_>>().join("\n");
    clean.push('\n');
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_cannot_do_anything_to_a_terminal() {
        let text = clean("[dev] eve: \u{1b}[2Jhello\u{7}\r[System] bye\n    second line");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\r']), "{text:?}");
        assert_eq!(text.lines().count(), 2);
        assert!(text.ends_with("\n    second line\n"));
    }
}
