//! What can be typed: one table, from which parsing, `/help`, completion and the documentation all come.

mod command;
mod guide;
mod help;
mod parse;
mod table;
mod unavailable;

#[cfg(test)]
mod tests;

pub use command::{Command, SessionsCommand};
pub use guide::markdown;
pub use help::help_text;
pub use parse::{ParseError, parse};
pub use table::{Completes, Row, TABLE, row};
pub use unavailable::unavailable;

/// The most messages that `/history` loads at once; the server's pages have this many.
pub const MAX_HISTORY: u32 = 200;
