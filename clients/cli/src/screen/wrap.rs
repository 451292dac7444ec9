//! Breaking text into lines: between words where that is possible, between graphemes where it is not.

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::clean::shown;

/// The lines of a text, made harmless; the first is at most `first` cells wide, the others `rest`. A grapheme that is wider
/// than that has a line of its own. There is at least one line, which may be empty.
pub(super) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let paragraph = paragraph.strip_suffix('\r').unwrap_or(paragraph);
        let mut wrapping = Wrapping { first, rest, lines: &mut lines, line: String::new(), used: 0, opportunity: 0 };
        for grapheme in paragraph.graphemes(true) {
            wrapping.take(&shown(grapheme));
        }
        let last = wrapping.line;
        lines.push(last);
    }
    lines
}

struct Wrapping<'a> {
    first: usize,
    rest: usize,
    lines: &'a mut Vec<String>,
    line: String,
    /// The cells of `line`.
    used: usize,
    /// Where `line` may be broken: a number of bytes; 0 for nowhere.
    opportunity: usize,
}

impl Wrapping<'_> {
    fn limit(&self) -> usize {
        if self.lines.is_empty() { self.first } else { self.rest }
    }

    fn take(&mut self, grapheme: &str) {
        let cells = usize::from(grapheme.cell_width());
        let is_space = !grapheme.is_empty() && grapheme.chars().all(|c| c == ' ');
        if self.used + cells > self.limit() && is_space && self.used > 0 {
            // The space that ends a line is not seen: it may hang over the edge.
            self.end_line(self.line.len());
            return;
        }
        // Chinese and Japanese have no spaces: there, a line may end before and after any character.
        if cells > 1 && self.used > 0 {
            self.opportunity = self.line.len();
        }
        while self.used + cells > self.limit() && self.used > 0 {
            self.end_line(if self.opportunity > 0 { self.opportunity } else { self.line.len() });
        }
        self.line.push_str(grapheme);
        self.used += cells;
        if is_space || cells > 1 {
            self.opportunity = self.line.len();
        }
    }

    fn end_line(&mut self, at: usize) {
        let begun = self.line.split_off(at);
        let ended = std::mem::replace(&mut self.line, begun);
        self.lines.push(ended.trim_end_matches(' ').to_owned());
        self.used = 0;
        self.opportunity = 0;
        // What is left may be too long even now, if the next line is shorter.
        for grapheme in std::mem::take(&mut self.line).graphemes(true) {
            self.take(grapheme);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clean::width;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrap("the quick brown fox", 10, 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("the quick brown fox", 5, 9), ["the", "quick", "brown fox"]);
    }

    #[test]
    fn a_word_that_is_too_long_is_broken_where_it_must_be() {
        assert_eq!(wrap("a https://example.org/x", 8, 8), ["a", "https://", "example.", "org/x"]);
    }

    #[test]
    fn wide_characters_break_anywhere_but_in_the_middle() {
        assert_eq!(wrap("漢字漢字漢", 5, 5), ["漢字", "漢字", "漢"]);
        assert_eq!(wrap("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3, 3), ["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"]);
    }

    #[test]
    fn between_scripts_a_line_may_end_as_well() {
        assert_eq!(wrap("漢字abcd", 6, 6), ["漢字", "abcd"]);
        assert_eq!(wrap("a bc漢", 5, 5), ["a bc", "漢"]);
    }

    #[test]
    fn lines_and_indentation_are_kept() {
        assert_eq!(wrap("if x {\r\n    y\n}\n", 20, 20), ["if x {", "    y", "}", ""]);
        assert_eq!(wrap("a\tb", 20, 20), ["a    b"]);
    }

    #[test]
    fn even_where_nothing_fits_it_comes_to_an_end() {
        assert_eq!(wrap("漢a", 0, 0), ["漢", "a"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_but_spaces_is_lost(text in "(?s:[a-z漢字👍é \n\t\u{301}]|.){0,80}", first in 4usize..30, rest in 4usize..30) {
            let lines = wrap(&text, first, rest);
            for (index, line) in lines.iter().enumerate() {
                let limit = if index == 0 { first } else { rest };
                prop_assert!(width(line) <= limit || line.graphemes(true).count() == 1, "{line:?} in {limit}");
            }
            let seen = |text: &str| -> String { text.graphemes(true).map(shown).collect::<String>().replace(' ', "") };
            let expected: String = text.split('\n').map(|line| seen(line.strip_suffix('\r').unwrap_or(line))).collect();
            prop_assert_eq!(seen(&lines.concat()), expected);
        }
    }
}
