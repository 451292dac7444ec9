//! Text that PostgreSQL can keep: everything but U+0000, which people may write all the same.

use std::borrow::Cow;

/// U+001A, SUBSTITUTE: made for this, and hardly ever in a text.
const MARK: char = '\u{1a}';

/// A text as it is kept: U+0000 becomes the mark and `0`, the mark itself the mark and `1`; any other is as it was.
///
/// What begins with a text begins with its code, so that a search for a beginning can compare codes.
pub fn encode(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', MARK]) {
        return Cow::Borrowed(text);
    }
    let mut code = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => code.push_str("\u{1a}0"),
            MARK => code.push_str("\u{1a}1"),
            other => code.push(other),
        }
    }
    Cow::Owned(code)
}

/// The text of a code that [`encode`] made. A mark that is followed by anything else stays as it is.
pub fn decode(code: String) -> String {
    if !code.contains(MARK) {
        return code;
    }
    let mut text = String::with_capacity(code.len());
    let mut rest = code.as_str();
    while let Some((before, after)) = rest.split_once(MARK) {
        text.push_str(before);
        let (character, after) = match after.as_bytes().first() {
            Some(b'0') => ('\0', &after[1..]),
            Some(b'1') => (MARK, &after[1..]),
            _ => (MARK, after),
        };
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_without_the_two_characters_is_kept_as_it_is() {
        assert!(matches!(encode("🚀 0 1 \u{1b}"), Cow::Borrowed("🚀 0 1 \u{1b}")));
        assert_eq!(encode("a\0\u{1a}0"), "a\u{1a}0\u{1a}10");
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_none_has_a_nul_on_the_way(text in "[\0\u{1a}01a🚀]{0,12}|.{0,20}") {
            let code = encode(&text).into_owned();
            prop_assert!(!code.contains('\0'));
            prop_assert_eq!(decode(code), text);
        }

        #[test]
        fn codes_begin_with_one_another_as_texts_do(text in "[\0\u{1a}01]{0,6}", start in "[\0\u{1a}01]{0,3}") {
            let begins = encode(&text).starts_with(&*encode(&start));
            prop_assert_eq!(begins, text.starts_with(&start));
        }
    }
}
