//! What a room may be called.

use std::fmt;

use thiserror::Error;

const MAX_CHARS: usize = 64;

/// 1–64 letters, digits, `_`, `-`, `.`; case-sensitive. Letters and digits of any script.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RoomName(String);

/// Why a name is not one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RoomNameError {
    /// Empty or too long.
    #[error("must have 1 to {MAX_CHARS} characters")]
    Length,
    /// A space, a control character, other punctuation.
    #[error("may have letters, digits, '_', '-' and '.' only")]
    Character,
}

impl RoomName {
    /// Checks a name.
    pub fn parse(name: &str) -> Result<Self, RoomNameError> {
        if name.is_empty() || name.chars().count() > MAX_CHARS {
            return Err(RoomNameError::Length);
        }
        if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return Err(RoomNameError::Character);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_kept_as_written_up_to_the_limit() {
        for name in ["a", "Dev_Talk-2.0", "café", &"x".repeat(64)] {
            assert_eq!(RoomName::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(RoomName::parse(""), Err(RoomNameError::Length));
        assert_eq!(RoomName::parse(&"x".repeat(65)), Err(RoomNameError::Length));
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_has_no_space_and_no_control_character(name in "\\PC{0,70}|.{0,10}") {
            if let Ok(name) = RoomName::parse(&name) {
                let fine = name.as_str().chars().all(|c| !c.is_whitespace() && !c.is_control());
                prop_assert!(fine);
            }
        }
    }
}
