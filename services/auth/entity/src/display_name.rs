//! The name that others see next to a message.

use thiserror::Error;

use crate::Username;

const MAX_CHARS: usize = 64;

/// 1 to 64 characters, no control characters, without white space around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DisplayName(String);

/// Why a text is not a display name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DisplayNameError {
    /// Blank, or too long.
    #[error("must have 1 to 64 characters and not be blank")]
    Length,
    /// A control character, such as a line break.
    #[error("must not have control characters")]
    Character,
}

impl DisplayName {
    /// Reads a display name; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let text = text.trim();
        if !(1..=MAX_CHARS).contains(&text.chars().take(MAX_CHARS + 1).count()) {
            return Err(DisplayNameError::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(DisplayNameError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Username> for DisplayName {
    /// Who gives no display name is shown by the user name, which is always short enough.
    fn from(username: &Username) -> Self {
        Self(username.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_are_trimmed_and_bounded() {
        assert_eq!(DisplayName::parse("  Ann Bowen ").unwrap().as_str(), "Ann Bowen");
        assert!(DisplayName::parse(&"é".repeat(64)).is_ok());
        for bad in ["", "   ", &"x".repeat(65)] {
            assert_eq!(DisplayName::parse(bad), Err(DisplayNameError::Length));
        }
        assert_eq!(DisplayName::parse("Ann\nBowen"), Err(DisplayNameError::Character));
    }
}
