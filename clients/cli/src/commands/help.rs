//! What `/help` says.

use super::parse::ParseError;
use super::table::{Row, TABLE, row};

/// The keys that one cannot guess.
const KEYS: &str = "\
Tab completes commands, rooms and @names. Alt-Enter starts a new line.
PageUp and PageDown scroll; Alt-1 to Alt-9, Alt-Up and Alt-Down change rooms.
Ctrl-C clears the line; twice on an empty line it leaves.
A line that should begin with a slash begins with two: //like this.";

/// The explanation of all commands, or of the one with this name (its slash may be there or not). It has several lines.
///
/// # Errors
/// [`ParseError::Unknown`] when there is no such command.
pub fn help_text(name: Option<&str>) -> Result<String, ParseError> {
    match name {
        None => Ok(overview()),
        Some(name) => row(name.trim_start_matches('/')).map(explanation).ok_or_else(|| ParseError::unknown(name)),
    }
}

fn overview() -> String {
    let mut text = String::from("Commands:\n");
    for row in TABLE {
        text.push_str(&format!("{} — {}\n", row.usage(), row.summary));
    }
    text.push_str(KEYS);
    text
}

fn explanation(row: &Row) -> String {
    format!("{} — {}.\nExample: {}", row.usage(), row.summary, row.example)
}
