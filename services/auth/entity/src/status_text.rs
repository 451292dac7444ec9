//! What one is up to, in a line.

use thiserror::Error;

const MAX_CHARS: usize = 140;

/// 1 to 140 characters without control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusText(String);

/// Why a text is not a status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum StatusTextError {
    /// Too long.
    #[error("must have at most 140 characters")]
    Length,
    /// A control character, such as a line break.
    #[error("must not have control characters")]
    Character,
}

impl StatusText {
    /// Reads a status; white space around it is dropped, and a blank one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, StatusTextError> {
        let text = text.trim();
        if text.chars().take(MAX_CHARS + 1).count() > MAX_CHARS {
            return Err(StatusTextError::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(StatusTextError::Character);
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_line_of_at_most_140_characters() {
        assert_eq!(StatusText::parse("  "), Ok(None));
        assert_eq!(StatusText::parse(" at lunch ").unwrap().unwrap().as_str(), "at lunch");
        assert!(StatusText::parse(&"é".repeat(140)).is_ok());
        assert_eq!(StatusText::parse(&"x".repeat(141)), Err(StatusTextError::Length));
        assert_eq!(StatusText::parse("a\nb"), Err(StatusTextError::Character));
    }
}
