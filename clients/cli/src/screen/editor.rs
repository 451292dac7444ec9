//! One text under a cursor that moves by what people see as characters.

use unicode_segmentation::UnicodeSegmentation;

/// The longest text, in bytes: what a message can hold (8,000 characters of up to 4 bytes).
pub const MAX_TEXT_BYTES: usize = 32 * 1024;

/// There was no room for all of it, so that none was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The text would be too long ({} KiB at most); nothing was added.", MAX_TEXT_BYTES / 1024)]
pub(super) struct Full;

/// A text and the place in it where typing goes on, always between two graphemes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Editor {
    text: String,
    /// In bytes.
    cursor: usize,
}

impl Editor {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// Replaces everything; the cursor goes to the next boundary at or after this byte.
    pub(super) fn set(&mut self, text: String, cursor: usize) {
        self.text = text;
        self.move_to(cursor);
    }

    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Types this, without its control characters; line ends become `\n`.
    pub(super) fn insert(&mut self, text: &str) -> Result<(), Full> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
        if self.text.len() + text.len() > MAX_TEXT_BYTES {
            return Err(Full);
        }
        self.text.insert_str(self.cursor, &text);
        // A mark joins the letter before it, and then the cursor must not stand between the two.
        self.move_to(self.cursor + text.len());
        Ok(())
    }

    /// Goes to the first boundary of graphemes at or after this byte.
    pub(super) fn move_to(&mut self, byte: usize) {
        let boundaries = self.text.grapheme_indices(true).map(|(at, _)| at);
        self.cursor = boundaries.chain([self.text.len()]).find(|at| *at >= byte).unwrap_or(self.text.len());
    }

    pub(super) fn left(&mut self) {
        self.cursor -= self.before().graphemes(true).next_back().map_or(0, str::len);
    }

    pub(super) fn right(&mut self) {
        self.cursor += self.after().graphemes(true).next().map_or(0, str::len);
    }

    /// To the beginning of this word, or of the one before.
    pub(super) fn word_left(&mut self) {
        let words = self.before().unicode_word_indices();
        let word = words.map(|(at, _)| at).next_back().unwrap_or(0);
        // Some scripts begin a word within what is one character on the screen.
        let boundaries = self.text.grapheme_indices(true).map(|(at, _)| at);
        self.cursor = boundaries.take_while(|at| *at <= word).last().unwrap_or(0);
    }

    /// To the end of this word, or of the next.
    pub(super) fn word_right(&mut self) {
        let end = self.after().unicode_word_indices().next().map(|(at, word)| at + word.len());
        self.move_to(end.map_or(self.text.len(), |end| self.cursor + end));
    }

    /// To the beginning of the line.
    pub(super) fn home(&mut self) {
        self.cursor = self.before().rfind('\n').map_or(0, |at| at + 1);
    }

    /// To the end of the line.
    pub(super) fn end(&mut self) {
        self.cursor += self.after().find('\n').unwrap_or(self.after().len());
    }

    pub(super) fn backspace(&mut self) {
        let end = self.cursor;
        self.left();
        self.cut(self.cursor, end);
    }

    pub(super) fn delete(&mut self) {
        let length = self.after().graphemes(true).next().map_or(0, str::len);
        self.cut(self.cursor, self.cursor + length);
    }

    /// As a shell's Ctrl-W: what is before the cursor, back to a space.
    pub(super) fn delete_word(&mut self) {
        let kept = self.before().trim_end();
        let from = kept
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + kept.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8));
        self.cut(from, self.cursor);
    }

    pub(super) fn delete_to_home(&mut self) {
        let end = self.cursor;
        self.home();
        self.cut(self.cursor, end);
    }

    /// Deletes to the end of the line; at the end, the line break.
    pub(super) fn delete_to_end(&mut self) {
        let length = self.after().find('\n').unwrap_or(self.after().len());
        let length = if length == 0 { self.after().len().min(1) } else { length };
        self.cut(self.cursor, self.cursor + length);
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        // What was apart may have become one.
        self.move_to(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn editor(text: &str) -> Editor {
        let mut editor = Editor::default();
        editor.insert(text).unwrap();
        editor
    }

    #[test]
    fn the_cursor_steps_over_what_people_see_as_one_character() {
        let mut editor = editor("a👩‍👩‍👧‍👦e\u{301}🇩🇪");
        for expected in ["a👩‍👩‍👧‍👦e\u{301}", "a👩‍👩‍👧‍👦", "a", "", ""] {
            editor.left();
            assert_eq!(editor.before(), expected);
        }
        editor.right();
        editor.delete();
        assert_eq!(editor.text(), "ae\u{301}🇩🇪");
    }

    #[test]
    fn a_mark_that_joins_the_letter_before_leaves_the_cursor_behind_both() {
        let mut editor = editor("ex");
        editor.left();
        editor.insert("\u{301}").unwrap();
        assert_eq!(editor.before(), "e\u{301}");
        editor.backspace();
        assert_eq!(editor.text(), "x");
    }

    #[test]
    fn words_are_jumped_over_and_deleted() {
        let mut editor = editor("one two, three");
        editor.word_left();
        assert_eq!(editor.before(), "one two, ");
        editor.word_left();
        editor.word_right();
        assert_eq!(editor.before(), "one two");
        editor.delete_word();
        assert_eq!(editor.text(), "one , three");
        editor.delete_word();
        editor.delete_word();
        assert_eq!(editor.text(), ", three");
    }

    #[test]
    fn home_end_and_cutting_stay_within_the_line() {
        let mut editor = editor("first\nsecond\nthird");
        editor.move_to(9);
        editor.home();
        assert_eq!(editor.before(), "first\n");
        editor.end();
        assert_eq!(editor.before(), "first\nsecond");
        editor.delete_to_home();
        assert_eq!(editor.text(), "first\n\nthird");
        editor.delete_to_end();
        assert_eq!(editor.text(), "first\nthird");
        editor.delete_to_end();
        assert_eq!(editor.text(), "first\n");
    }

    #[test]
    fn what_does_not_fit_is_refused_as_a_whole() {
        let mut editor = editor(&"x".repeat(MAX_TEXT_BYTES - 1));
        assert_eq!(editor.insert("漢"), Err(Full));
        assert_eq!(editor.text().len(), MAX_TEXT_BYTES - 1);
        assert_eq!(editor.insert("yy"), Err(Full));
        assert_eq!(editor.insert("y"), Ok(()));
    }

    #[test]
    fn control_characters_are_not_typed_and_lines_end_in_one_way() {
        assert_eq!(editor("a\x1b[31m\r\nb\rc\td\u{7f}").text(), "a[31m\nb\nc\td");
    }

    proptest! {
        #[test]
        fn the_cursor_is_never_within_a_character(
            pieces in prop::collection::vec("[a-z \n]|\u{301}|👩|\u{200d}|🇩|🇪|漢|ก|ำ|क|्", 0..12),
            moves in prop::collection::vec(0u8..12, 0..40),
        ) {
            let mut editor = editor(&pieces.concat());
            for step in moves {
                match step {
                    0 => editor.left(),
                    1 => editor.right(),
                    2 => editor.word_left(),
                    3 => editor.word_right(),
                    4 => editor.home(),
                    5 => editor.end(),
                    6 => editor.backspace(),
                    7 => editor.delete(),
                    8 => editor.delete_word(),
                    9 => editor.delete_to_home(),
                    10 => editor.delete_to_end(),
                    _ => editor.insert("🇫").unwrap(),
                }
                let boundaries: Vec<usize> = editor.text().grapheme_indices(true).map(|(at, _)| at).chain([editor.text().len()]).collect();
                prop_assert!(boundaries.contains(&editor.cursor()), "{:?} at {}", editor.text(), editor.cursor());
            }
        }
    }
}
