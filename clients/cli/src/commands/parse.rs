//! From a line of text to a command, or to a sentence that says what is wrong with it.

use kernel::SessionId;

use super::MAX_HISTORY;
use super::command::{Command, SessionsCommand};
use super::table::{Row, TABLE, row};

/// Why a line could not be understood; its text is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but white space.
    #[error("There is nothing to send.")]
    Blank,
    /// No command has this name.
    #[error("Unknown command {name}. {}", hint(.suggestion))]
    Unknown {
        /// What was typed, with its slash.
        name: String,
        /// The command that was probably meant, without its slash.
        suggestion: Option<&'static str>,
    },
    /// The command is there, but what follows it is not right.
    #[error("{problem} Usage: {usage}")]
    Arguments {
        /// What is wrong, a sentence.
        problem: String,
        /// How it is typed.
        usage: String,
    },
}

fn hint(suggestion: &Option<&'static str>) -> String {
    match suggestion {
        Some(name) => format!("Did you mean /{name}?"),
        None => "/help lists them all.".to_owned(),
    }
}

impl ParseError {
    /// For a name that no command has, with the nearest one that has.
    pub(super) fn unknown(name: &str) -> Self {
        let name = name.trim_start_matches('/');
        let asked = name.to_lowercase();
        let distance = |row: &Row| distance(&asked, row.name);
        let nearest = TABLE.iter().min_by_key(|row| (!row.name.starts_with(&asked), distance(row)));
        let is_near = |row: &&Row| {
            (asked.len() > 1 && row.name.starts_with(&asked)) || distance(row) <= 2.min(asked.chars().count() / 2)
        };
        // A name may be as long as the text: the sentence repeats only its beginning.
        let shown: String = name.chars().take(32).collect();
        Self::Unknown { name: format!("/{shown}"), suggestion: nearest.filter(is_near).map(|row| row.name) }
    }
}

/// Understands what was typed. A text that does not begin with `/` is a message; `//x` is the message `/x`; a text of
/// several lines is a command only if its first word is one that takes text.
///
/// # Errors
/// Tells what is wrong, and how it would be right.
pub fn parse(text: &str) -> Result<Command, ParseError> {
    if text.trim().is_empty() {
        return Err(ParseError::Blank);
    }
    let Some(line) = text.strip_prefix('/') else { return Ok(Command::Say(text.to_owned())) };
    if line.starts_with('/') {
        return Ok(Command::Say(line.to_owned()));
    }
    let (name, rest) = first_word(line);
    let row = row(name);
    if text.trim_end().contains('\n') && !row.is_some_and(|row| row.takes_text) {
        return Ok(Command::Say(text.to_owned()));
    }
    let row = row.ok_or_else(|| ParseError::unknown(name))?;
    Arguments { row, rest: rest.trim() }.command()
}

/// The text up to the first white space, and what follows that.
fn first_word(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

struct Arguments<'a> {
    row: &'static Row,
    rest: &'a str,
}

impl Arguments<'_> {
    fn command(mut self) -> Result<Command, ParseError> {
        match self.row.name {
            "help" => Ok(Command::Help(self.last_word()?.map(|name| name.trim_start_matches('/').to_owned()))),
            "users" => Ok(Command::Users(self.last_word()?)),
            "rooms" => self.nothing_else(Command::Rooms),
            "join" => self.join(),
            "leave" => self.nothing_else(Command::Leave),
            "msg" => {
                let user = self.word("Whom do you want to write to?")?.trim_start_matches('@').to_owned();
                if user.is_empty() {
                    return Err(self.wrong("Whom do you want to write to?"));
                }
                Ok(Command::Msg { user, text: self.text("What do you want to write?")? })
            }
            "create" => self.create(),
            "topic" => Ok(Command::Topic((!self.rest.is_empty()).then(|| self.rest.to_owned()))),
            "members" => Ok(Command::Members(self.last_word()?)),
            "history" => self.history(),
            "search" => Ok(Command::Search(self.text("What are you looking for?")?)),
            "edit" => Ok(Command::Edit { message: self.number()?, text: self.text("The new text is missing.")? }),
            "delete" => {
                let message = self.number()?;
                self.nothing_else(Command::Delete(message))
            }
            "react" => {
                let message = self.number()?;
                let emoji = self.word("The emoji is missing.")?;
                self.nothing_else(Command::React { message, emoji })
            }
            "reply" => Ok(Command::Reply { message: self.number()?, text: self.text("The text is missing.")? }),
            "me" => Ok(Command::Me(self.text("What do you do?")?)),
            "sessions" => self.sessions(),
            "signout" => self.nothing_else(Command::Signout),
            "quit" => self.nothing_else(Command::Quit),
            name => Err(ParseError::unknown(name)),
        }
    }

    fn join(mut self) -> Result<Command, ParseError> {
        let mut create = false;
        let mut room = None;
        while let Some(word) = self.next_word() {
            if word == "--create" {
                create = true;
            } else if room.replace(word).is_some() {
                return Err(self.wrong("A room's name has no spaces."));
            }
        }
        let room = room.ok_or_else(|| self.wrong("Which room?"))?;
        Ok(Command::Join { room: room_name(&room), create })
    }

    fn create(mut self) -> Result<Command, ParseError> {
        let mut private = false;
        let mut name = None;
        while name.is_none() || first_word(self.rest).0 == "--private" {
            match self.next_word() {
                Some(word) if word == "--private" => private = true,
                Some(word) => name = Some(word),
                None => break,
            }
        }
        let room = name.ok_or_else(|| self.wrong("The room needs a name."))?;
        let topic = (!self.rest.is_empty()).then(|| self.rest.to_owned());
        Ok(Command::Create { room: room_name(&room), private, topic })
    }

    fn history(mut self) -> Result<Command, ParseError> {
        let count = match self.next_word() {
            None => 50,
            Some(word) => match word.parse() {
                Ok(count) if (1..=MAX_HISTORY).contains(&count) => count,
                _ => return Err(self.wrong(&format!("The count is a number from 1 to {MAX_HISTORY}."))),
            },
        };
        self.nothing_else(Command::History(count))
    }

    fn sessions(mut self) -> Result<Command, ParseError> {
        let command = match self.next_word().as_deref() {
            None => SessionsCommand::List,
            Some("end-others") => SessionsCommand::EndOthers,
            Some("end") => {
                let id = self.word("Which session? /sessions lists them with their ids.")?;
                let id: SessionId =
                    id.parse().map_err(|_| self.wrong("This is not a session's id: /sessions lists them."))?;
                SessionsCommand::End(id)
            }
            Some(_) => return Err(self.wrong("Sessions can be listed and ended.")),
        };
        self.nothing_else(Command::Sessions(command))
    }

    fn next_word(&mut self) -> Option<String> {
        let (word, rest) = first_word(self.rest);
        self.rest = rest.trim_start();
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn word(&mut self, missing: &str) -> Result<String, ParseError> {
        self.next_word().ok_or_else(|| self.wrong(missing))
    }

    /// The only word, if there is one.
    fn last_word(&mut self) -> Result<Option<String>, ParseError> {
        let word = self.next_word();
        if self.rest.is_empty() { Ok(word) } else { Err(self.wrong("That is one word too many.")) }
    }

    /// The message's number, if the next word is one: `#57`.
    fn number(&mut self) -> Result<Option<u64>, ParseError> {
        let (word, _) = first_word(self.rest);
        let Some(digits) = word.strip_prefix('#') else { return Ok(None) };
        // "#release" is a word like any other; a `#` before digits alone is a number.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        match digits.parse() {
            Ok(number) if number > 0 => {
                self.next_word();
                Ok(Some(number))
            }
            _ => Err(self.wrong("No message has this number.")),
        }
    }

    fn text(&mut self, missing: &str) -> Result<String, ParseError> {
        if self.rest.is_empty() { Err(self.wrong(missing)) } else { Ok(self.rest.to_owned()) }
    }

    fn nothing_else(&self, command: Command) -> Result<Command, ParseError> {
        if self.rest.is_empty() { Ok(command) } else { Err(self.wrong("That is more than it takes.")) }
    }

    fn wrong(&self, problem: &str) -> ParseError {
        ParseError::Arguments { problem: problem.to_owned(), usage: self.row.usage() }
    }
}

/// The name without the `#` that people put before it.
fn room_name(word: &str) -> String {
    word.strip_prefix('#').filter(|name| !name.is_empty()).unwrap_or(word).to_owned()
}

/// How many letters must be added, removed, changed or swapped with their neighbour (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    // No command is that long, and what people type may be.
    let from: Vec<char> = from.chars().take(32).collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (index, row) in rows.iter_mut().enumerate() {
        row[0] = index;
    }
    rows[0] = (0..=to.len()).collect();
    for i in 1..=from.len() {
        for j in 1..=to.len() {
            let changed = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[from.len()][to.len()]
}
