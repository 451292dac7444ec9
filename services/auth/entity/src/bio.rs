//! What people write about themselves.

use thiserror::Error;

const MAX_CHARS: usize = 500;

/// 1 to 500 characters in one or more lines, without other control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bio(String);

/// Why a text is not a bio.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BioError {
    /// Too long.
    #[error("must have at most 500 characters")]
    Length,
    /// A control character that is no line break.
    #[error("must not have control characters other than line breaks (U+000A)")]
    Character,
}

impl Bio {
    /// Reads a bio; white space around it is dropped, and a blank one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, BioError> {
        let text = text.trim();
        if text.chars().take(MAX_CHARS + 1).count() > MAX_CHARS {
            return Err(BioError::Length);
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(BioError::Character);
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
    fn a_bio_has_lines_and_at_most_500_characters() {
        assert_eq!(Bio::parse(" \n "), Ok(None));
        assert_eq!(Bio::parse(" one\ntwo ").unwrap().unwrap().as_str(), "one\ntwo");
        assert!(Bio::parse(&"😀".repeat(500)).is_ok());
        assert_eq!(Bio::parse(&"x".repeat(501)), Err(BioError::Length));
        for odd in ["a\0b", "a\tb", "a\r\nb", "a\u{1b}[31mb"] {
            assert_eq!(Bio::parse(odd), Err(BioError::Character), "{odd:?}");
        }
    }
}
