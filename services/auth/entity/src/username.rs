//! User names: what people call each other by, unique without regard to case.

use std::fmt;

use thiserror::Error;

const MIN_CHARS: usize = 3;
const MAX_CHARS: usize = 32;

/// 3 to 32 ASCII letters, digits, `_`, `-`, `.`; kept as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Username(String);

/// Why a text is not a user name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum UsernameError {
    /// Too short or too long.
    #[error("must have 3 to 32 characters")]
    Length,
    /// Something else than letters, digits and the three signs.
    #[error("may only have the letters a to z, digits, '_', '-' and '.'")]
    Character,
}

impl Username {
    /// Reads a user name. The length is judged first, so that a long text costs nothing.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        match text.chars().take(MAX_CHARS + 1).count() {
            MIN_CHARS..=MAX_CHARS if text.chars().all(allowed) => Ok(Self(text.to_owned())),
            MIN_CHARS..=MAX_CHARS => Err(UsernameError::Character),
            _ => Err(UsernameError::Length),
        }
    }

    /// The name as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What must be unique: the name in lower case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_at_the_edges_of_the_rule_are_told_apart() {
        for good in ["abc", "A.b", "___", "a-1", &"x".repeat(32)] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
        for short_or_long in ["", "ab", &"x".repeat(33), &"é".repeat(1_000_000)] {
            assert_eq!(Username::parse(short_or_long), Err(UsernameError::Length));
        }
        for odd in ["a b", "a@b", "änn", "abc\n", "a\0b", "аbc"] {
            assert_eq!(Username::parse(odd), Err(UsernameError::Character), "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn spelling_is_kept_and_the_key_ignores_case(name in "[A-Za-z0-9_.-]{3,32}") {
            let parsed = Username::parse(&name).unwrap();
            prop_assert_eq!(parsed.as_str(), &name);
            let shouted = Username::parse(&name.to_uppercase()).unwrap();
            prop_assert_eq!(parsed.key(), shouted.key());
        }

        #[test]
        fn no_text_makes_the_parser_panic_and_what_passes_keeps_the_rule(text in any::<String>()) {
            if let Ok(name) = Username::parse(&text) {
                prop_assert!((3..=32).contains(&name.as_str().len()));
            }
        }
    }
}
