//! What Tab does: it finds what a half-written word can become, and goes through it.

use crate::commands::{Completes, TABLE, row};

/// The names that can be completed; the app keeps them up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Rooms.
    pub rooms: Vec<String>,
    /// People.
    pub users: Vec<String>,
}

/// A word being completed: what it can become, and which of that is in the text now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    original: String,
    cursor: usize,
    /// Where the word begins, in bytes.
    start: usize,
    candidates: Vec<String>,
    chosen: usize,
}

impl Completion {
    /// Looks at the word before the cursor (a byte between two characters): a command at the beginning of the text, a room
    /// or a person where a command wants one, a person after `@` anywhere. `None` when there is nothing to offer.
    pub fn begin(text: &str, cursor: usize, names: &Names) -> Option<Self> {
        let before = text.get(..cursor)?;
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8));
        let word = before.get(start..)?;
        let candidates = candidates(before.get(..start)?, word, names);
        (!candidates.is_empty()).then(|| Self { original: text.to_owned(), cursor, start, candidates, chosen: 0 })
    }

    /// Takes the next candidate; after the last comes the first.
    pub fn next(&mut self) {
        self.chosen = (self.chosen + 1) % self.candidates.len();
    }

    /// Takes the one before.
    pub fn previous(&mut self) {
        self.chosen = self.chosen.checked_sub(1).unwrap_or(self.candidates.len() - 1);
    }

    /// All candidates; one at least.
    pub fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// Which of them is in the text.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The text with the chosen candidate, and where the cursor is then. The only candidate is followed by a space, so
    /// that one can write on.
    pub fn apply(&self) -> (String, usize) {
        let head = self.original.get(..self.start).unwrap_or_default();
        let tail = self.original.get(self.cursor..).unwrap_or_default();
        let chosen = self.candidates.get(self.chosen).map(String::as_str).unwrap_or_default();
        let space = if self.candidates.len() == 1 && !tail.starts_with(' ') { " " } else { "" };
        let head = format!("{head}{chosen}{space}");
        (format!("{head}{tail}"), head.len())
    }

    /// The text and the cursor as they were before.
    pub fn undo(&self) -> (String, usize) {
        (self.original.clone(), self.cursor)
    }
}

fn candidates(before: &str, word: &str, names: &Names) -> Vec<String> {
    if let Some(name) = word.strip_prefix('@') {
        return matching(names.users.iter().map(String::as_str), name, "@");
    }
    let is_command = !before.starts_with("//") && !word.starts_with("//");
    if before.is_empty() {
        return match word.strip_prefix('/') {
            Some(name) if is_command => matching(TABLE.iter().map(|row| row.name), name, "/"),
            _ => Vec::new(),
        };
    }
    let mut words = before.split_whitespace();
    let row = words.next().and_then(|first| first.strip_prefix('/')).filter(|_| is_command).and_then(row);
    let (Some(row), None) = (row, words.next()) else { return Vec::new() };
    match row.completes {
        Completes::Nothing => Vec::new(),
        Completes::Rooms => matching(names.rooms.iter().map(String::as_str), word, ""),
        Completes::Users => matching(names.users.iter().map(String::as_str), word, ""),
        Completes::Commands => matching(TABLE.iter().map(|row| row.name), word, ""),
        Completes::Words(words) => matching(words.iter().copied(), word, ""),
    }
}

/// The names that begin like this, in the order of the alphabet, those in the very letters first. Names with white space or
/// control characters, which no server should allow, cannot be typed and are left out.
fn matching<'a>(names: impl Iterator<Item = &'a str>, beginning: &str, sigil: &str) -> Vec<String> {
    let lower = beginning.to_lowercase();
    let is_word = |name: &&str| !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    let mut found: Vec<&str> = names.filter(is_word).filter(|name| name.to_lowercase().starts_with(&lower)).collect();
    found.sort_by_key(|name| (!name.starts_with(beginning), name.to_lowercase(), *name));
    found.dedup();
    found.into_iter().map(|name| format!("{sigil}{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names {
            rooms: all(&["global", "garden", "Games", "dev"]),
            users: all(&["alice", "bob", "Bert", "bad\x1bname"]),
        }
    }

    fn complete(text: &str) -> Option<Completion> {
        Completion::begin(text, text.len(), &names())
    }

    fn offered(text: &str) -> Vec<String> {
        complete(text).map(|completion| completion.candidates).unwrap_or_default()
    }

    #[test]
    fn a_command_is_completed_at_the_beginning_only() {
        assert_eq!(offered("/me"), ["/me", "/members"]);
        assert_eq!(complete("/memb").unwrap().apply(), ("/members ".into(), 9));
        assert_eq!(offered("see /me"), [""; 0]);
        assert_eq!(offered("//me"), [""; 0]);
    }

    #[test]
    fn a_command_says_what_follows_it() {
        assert_eq!(offered("/join g"), ["garden", "global", "Games"]);
        assert_eq!(offered("/msg b"), ["bob", "Bert"]);
        assert_eq!(offered("/help jo"), ["join"]);
        assert_eq!(offered("/sessions e"), ["end", "end-others"]);
        assert_eq!(offered("/msg bob b"), [""; 0]);
        assert_eq!(offered("/topic g"), [""; 0]);
    }

    #[test]
    fn a_person_is_completed_after_an_at_sign_anywhere() {
        assert_eq!(offered("/msg bob ask @al"), ["@alice"]);
        let text = "hi @al, how are you?";
        assert_eq!(Completion::begin(text, 6, &names()).unwrap().apply(), ("hi @alice , how are you?".into(), 10));
        assert_eq!(offered("/msg @b"), ["@bob", "@Bert"]);
    }

    #[test]
    fn tab_goes_round_and_back() {
        let mut completion = complete("/join g").unwrap();
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(completion.apply().0);
            completion.next();
        }
        assert_eq!(seen, ["/join garden", "/join global", "/join Games", "/join garden"]);
        completion.previous();
        completion.previous();
        assert_eq!(completion.apply().0, "/join Games");
        assert_eq!(completion.undo(), ("/join g".into(), 7));
    }

    #[test]
    fn a_name_that_cannot_be_typed_is_not_offered() {
        assert_eq!(offered("@bad"), [""; 0]);
    }
}
