//! The line that one writes in, which may have several.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::editor::{Editor, Full};
use super::recall::Recall;
use super::text_rows::{Place, TextRows};

/// The most rows that it takes of the screen.
pub(super) const MAX_ROWS: u16 = 8;

/// What a key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// The text is another one.
    Changed,
    /// At most the cursor moved.
    Moved,
    /// The text is finished; the input is empty again.
    Submitted(String),
    /// There is no room for that.
    Refused(Full),
    /// The key means nothing here.
    Ignored,
}

/// A text being written, its cursor, and those that were sent before.
#[derive(Debug, Default)]
pub(super) struct Input {
    editor: Editor,
    recall: Recall,
    /// The cells of a row when it was last drawn.
    width: usize,
    /// How many rows are above those that are shown.
    hidden: usize,
}

/// What is seen of an input.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Visible {
    pub(super) rows: Vec<String>,
    pub(super) cursor: Place,
}

impl Input {
    pub(super) fn text(&self) -> &str {
        self.editor.text()
    }

    pub(super) fn cursor(&self) -> usize {
        self.editor.cursor()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    pub(super) fn set(&mut self, text: String, cursor: usize) {
        self.editor.set(text, cursor);
    }

    pub(super) fn clear(&mut self) {
        self.editor.take();
    }

    pub(super) fn paste(&mut self, text: &str) -> Edit {
        self.insert(text)
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Edit {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        match key.code {
            KeyCode::Enter if alt || shift => self.insert("\n"),
            KeyCode::Enter => self.submit(),
            KeyCode::Char(c) if control => self.control(c.to_ascii_lowercase()),
            KeyCode::Char('b') if alt => self.moving(Editor::word_left),
            KeyCode::Char('f') if alt => self.moving(Editor::word_right),
            KeyCode::Char(_) if alt => Edit::Ignored,
            KeyCode::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Left if control || alt => self.moving(Editor::word_left),
            KeyCode::Right if control || alt => self.moving(Editor::word_right),
            KeyCode::Left => self.moving(Editor::left),
            KeyCode::Right => self.moving(Editor::right),
            KeyCode::Home => self.moving(Editor::home),
            KeyCode::End => self.moving(Editor::end),
            KeyCode::Backspace if control || alt => self.changing(Editor::delete_word),
            KeyCode::Backspace => self.changing(Editor::backspace),
            KeyCode::Delete => self.changing(Editor::delete),
            KeyCode::Up => self.up(),
            KeyCode::Down => self.down(),
            _ => Edit::Ignored,
        }
    }

    fn control(&mut self, letter: char) -> Edit {
        match letter {
            'a' => self.moving(Editor::home),
            'e' => self.moving(Editor::end),
            'b' => self.moving(Editor::left),
            'f' => self.moving(Editor::right),
            'w' => self.changing(Editor::delete_word),
            'u' => self.changing(Editor::delete_to_home),
            'k' => self.changing(Editor::delete_to_end),
            'd' => self.changing(Editor::delete),
            'h' => self.changing(Editor::backspace),
            'j' => self.insert("\n"),
            _ => Edit::Ignored,
        }
    }

    fn insert(&mut self, text: &str) -> Edit {
        match self.editor.insert(text) {
            Ok(()) => Edit::Changed,
            Err(full) => Edit::Refused(full),
        }
    }

    fn submit(&mut self) -> Edit {
        if self.text().trim().is_empty() {
            return Edit::Ignored;
        }
        let text = self.editor.take();
        self.recall.remember(&text);
        Edit::Submitted(text)
    }

    fn moving(&mut self, step: fn(&mut Editor)) -> Edit {
        step(&mut self.editor);
        Edit::Moved
    }

    fn changing(&mut self, step: fn(&mut Editor)) -> Edit {
        let before = self.text().len();
        step(&mut self.editor);
        if self.text().len() == before { Edit::Moved } else { Edit::Changed }
    }

    fn up(&mut self) -> Edit {
        let rows = self.laid_out();
        let place = rows.place(self.cursor());
        if let Some(row) = place.row.checked_sub(1) {
            return self.to(rows.byte(Place { row, ..place }));
        }
        let older = self.recall.older(self.editor.text()).map(str::to_owned);
        self.recalled(older)
    }

    fn down(&mut self) -> Edit {
        let rows = self.laid_out();
        let place = rows.place(self.cursor());
        if place.row + 1 < rows.rows.len() {
            return self.to(rows.byte(Place { row: place.row + 1, ..place }));
        }
        let newer = self.recall.newer().map(str::to_owned);
        self.recalled(newer)
    }

    fn to(&mut self, byte: Option<usize>) -> Edit {
        if let Some(byte) = byte {
            self.editor.move_to(byte);
        }
        Edit::Moved
    }

    fn recalled(&mut self, text: Option<String>) -> Edit {
        let Some(text) = text else { return Edit::Moved };
        let end = text.len();
        self.editor.set(text, end);
        Edit::Changed
    }

    fn laid_out(&self) -> TextRows {
        TextRows::new(self.text(), self.width.max(1))
    }

    /// How many rows it wants of a screen of this height: at most a third of it.
    pub(super) fn rows_wanted(&mut self, width: u16, screen_height: u16) -> u16 {
        self.width = usize::from(width);
        let rows = u16::try_from(self.laid_out().rows.len()).unwrap_or(MAX_ROWS);
        rows.clamp(1, MAX_ROWS.min(screen_height / 3).max(1))
    }

    /// The rows around the cursor, as many as there is room for.
    pub(super) fn visible(&mut self, width: u16, height: u16) -> Visible {
        self.width = usize::from(width);
        let laid_out = self.laid_out();
        let cursor = laid_out.place(self.cursor());
        let height = usize::from(height).max(1);
        self.hidden = self.hidden.min(cursor.row).max((cursor.row + 1).saturating_sub(height));
        self.hidden = self.hidden.min(laid_out.rows.len().saturating_sub(height));
        let rows = laid_out.rows.into_iter().skip(self.hidden).take(height).collect();
        Visible { rows, cursor: Place { row: cursor.row - self.hidden, ..cursor } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(input: &mut Input, code: KeyCode, modifiers: KeyModifiers) -> Edit {
        input.key(KeyEvent::new(code, modifiers))
    }

    fn type_in(input: &mut Input, text: &str) {
        for c in text.chars() {
            assert_eq!(press(input, KeyCode::Char(c), KeyModifiers::NONE), Edit::Changed);
        }
    }

    fn enter(input: &mut Input) -> Edit {
        press(input, KeyCode::Enter, KeyModifiers::NONE)
    }

    #[test]
    fn enter_submits_and_other_enters_begin_a_line() {
        let mut input = Input::default();
        assert_eq!(enter(&mut input), Edit::Ignored);
        type_in(&mut input, "a");
        press(&mut input, KeyCode::Enter, KeyModifiers::ALT);
        type_in(&mut input, "b");
        press(&mut input, KeyCode::Char('j'), KeyModifiers::CONTROL);
        type_in(&mut input, "c");
        press(&mut input, KeyCode::Enter, KeyModifiers::SHIFT);
        type_in(&mut input, "d");
        assert_eq!(enter(&mut input), Edit::Submitted("a\nb\nc\nd".into()));
        assert!(input.is_empty());
    }

    #[test]
    fn a_paste_of_many_lines_stays_one_text() {
        let mut input = Input::default();
        type_in(&mut input, "see: ");
        assert_eq!(input.paste("one\r\ntwo\r\n"), Edit::Changed);
        assert_eq!(enter(&mut input), Edit::Submitted("see: one\ntwo\n".into()));
    }

    #[test]
    fn a_paste_that_is_too_long_is_refused() {
        let mut input = Input::default();
        assert_eq!(input.paste(&"x".repeat(40_000)), Edit::Refused(Full));
        assert!(input.is_empty());
    }

    #[test]
    fn arrows_move_within_the_text_and_then_through_what_was_sent() {
        let mut input = Input::default();
        input.rows_wanted(20, 30);
        type_in(&mut input, "sent");
        enter(&mut input);
        input.paste("upper\nlower");
        assert_eq!(press(&mut input, KeyCode::Up, KeyModifiers::NONE), Edit::Moved);
        assert_eq!(input.cursor(), 5);
        assert_eq!(press(&mut input, KeyCode::Up, KeyModifiers::NONE), Edit::Changed);
        assert_eq!(input.text(), "sent");
        press(&mut input, KeyCode::Down, KeyModifiers::NONE);
        assert_eq!(input.text(), "upper\nlower");
    }

    #[test]
    fn it_grows_to_a_third_of_the_screen_and_then_scrolls_with_the_cursor() {
        let mut input = Input::default();
        assert_eq!(input.rows_wanted(20, 24), 1);
        input.paste(&(0..12).map(|line| line.to_string()).collect::<Vec<_>>().join("\n"));
        assert_eq!(input.rows_wanted(20, 60), MAX_ROWS);
        assert_eq!(input.rows_wanted(20, 12), 4);
        let visible = input.visible(20, 4);
        assert_eq!(visible.rows, ["8", "9", "10", "11"]);
        assert_eq!(visible.cursor, Place { row: 3, column: 2 });
        for _ in 0..5 {
            press(&mut input, KeyCode::Up, KeyModifiers::NONE);
        }
        assert_eq!(input.visible(20, 4).rows, ["6", "7", "8", "9"]);
    }
}
