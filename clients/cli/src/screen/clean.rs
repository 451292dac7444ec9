//! What others wrote, made harmless: nothing that comes from elsewhere may move the cursor, change colours or turn the
//! direction of the text around it.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// More marks than any script puts on one letter, and more parts than any emoji has, are there to harm.
const MAX_CHARS_OF_A_GRAPHEME: usize = 16;

const TAB: &str = "    ";

/// How a grapheme is shown: as it is, as a picture of the control character (`␛`), or not at all.
pub(super) fn shown(grapheme: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && !is_invisible(c);
    if grapheme.len() == 1 && grapheme.chars().all(is_plain) {
        return Cow::Borrowed(grapheme);
    }
    match grapheme {
        "\t" => return Cow::Borrowed(TAB),
        "\n" | "\r\n" | "\u{2028}" | "\u{2029}" => return Cow::Borrowed(" "),
        _ => {}
    }
    let too_long = grapheme.chars().nth(MAX_CHARS_OF_A_GRAPHEME).is_some();
    let shown = if !too_long && grapheme.chars().all(is_plain) {
        Cow::Borrowed(grapheme)
    } else {
        let kept = grapheme.chars().filter(|c| !is_invisible(*c)).take(MAX_CHARS_OF_A_GRAPHEME);
        Cow::Owned(kept.map(picture).collect())
    };
    // A mark without a letter would go to the cell before it, which may be somebody else's.
    if shown.cell_width() == 0 { Cow::Borrowed("") } else { shown }
}

/// Characters that turn the direction of what follows, or that are nothing at all.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn picture(c: char) -> char {
    match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        0x80..=0x9f => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// A line as any terminal can be given it.
pub fn line(text: &str) -> String {
    text.graphemes(true).map(shown).collect()
}

/// How many cells a text takes that is shown grapheme by grapheme.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).map(|grapheme| usize::from(shown(grapheme).cell_width())).sum()
}

/// The text on one line of at most this many cells; `…` says that something is missing.
pub(super) fn fit(text: &str, cells: usize) -> String {
    let mut line = String::new();
    let mut used = 0;
    let mut before_the_last_cell = 0;
    for grapheme in text.graphemes(true) {
        let grapheme = shown(grapheme);
        used += usize::from(grapheme.cell_width());
        if used > cells {
            line.truncate(before_the_last_cell);
            line.push_str(if cells > 0 { "…" } else { "" });
            return line;
        }
        line.push_str(&grapheme);
        if used < cells {
            before_the_last_cell = line.len();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_become_pictures() {
        assert_eq!(fit("\x1b[31mred\x07\x7f\u{9b}2J", 80), "␛[31mred␇␡\u{fffd}2J");
    }

    #[test]
    fn what_turns_the_direction_of_text_disappears() {
        assert_eq!(fit("abc\u{202e}def\u{2066}g\u{200f}", 80), "abcdefg");
    }

    #[test]
    fn a_letter_under_a_pile_of_marks_keeps_only_some() {
        let pile = format!("a{}", "\u{301}".repeat(500));
        assert_eq!(fit(&pile, 80).chars().count(), MAX_CHARS_OF_A_GRAPHEME);
    }

    #[test]
    fn a_family_stays_together() {
        assert_eq!(fit("👩‍👩‍👧‍👦!", 80), "👩‍👩‍👧‍👦!");
        assert_eq!(width("👩‍👩‍👧‍👦!"), 3);
    }

    #[test]
    fn a_wide_character_is_never_cut_in_half() {
        assert_eq!(fit("漢字漢", 5), "漢字…");
        assert_eq!(fit("漢字漢", 4), "漢…");
        assert_eq!(fit("漢", 1), "…");
        assert_eq!(fit("漢", 0), "");
    }

    #[test]
    fn what_fits_exactly_is_not_cut() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("漢字", 4), "漢字");
    }

    proptest! {
        #[test]
        fn nothing_shown_is_a_control_character_and_nothing_is_too_wide(text in "\\PC*|(?s:.)*", cells in 0usize..50) {
            let line = fit(&text, cells);
            prop_assert!(!line.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert!(width(&line) <= cells);
        }
    }
}
