//! The text of a message.

use thiserror::Error;

/// A text that is not blank and not too long, kept to the byte as it was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageBody(String);

/// Why a text cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BodyError {
    /// Nothing to read.
    #[error("must not be blank")]
    Blank,
    /// Too much to read.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// A NUL character, which not every store can keep.
    #[error("must not contain a NUL character")]
    Nul,
}

impl MessageBody {
    /// Checks a text against a limit in characters (Unicode scalar values).
    pub fn parse(body: String, max: usize) -> Result<Self, BodyError> {
        // Counting is needed only when there are more bytes than characters allowed.
        if body.len() > max && body.chars().count() > max {
            return Err(BodyError::TooLong { max });
        }
        if body.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
            return Err(BodyError::Blank);
        }
        if body.contains('\0') {
            return Err(BodyError::Nul);
        }
        Ok(Self(body))
    }

    /// A text that a store gave back, which was checked when it went in.
    pub fn from_store(body: String) -> Self {
        Self(body)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Zero-width characters and marks of direction: alone they show nothing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{00ad}')
        || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(MessageBody::parse("🚀".repeat(8_000), 8_000).is_ok());
        assert_eq!(MessageBody::parse("a".repeat(8_001), 8_000), Err(BodyError::TooLong { max: 8_000 }));
    }

    #[test]
    fn what_shows_nothing_is_blank() {
        for body in ["", " ", "\n\t ", "\u{200b}", "\u{3000}\u{feff}", "\0"] {
            assert_eq!(MessageBody::parse(body.to_owned(), 10), Err(BodyError::Blank), "{body:?}");
        }
        assert_eq!(MessageBody::parse("a\0b".to_owned(), 10), Err(BodyError::Nul));
    }
}
