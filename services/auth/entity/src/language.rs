//! The language that a person reads.

use thiserror::Error;

/// The longest tag that RFC 5646 (4.4.1) asks programs to take.
const MAX_BYTES: usize = 35;
const MAX_SUBTAG: usize = 8;

/// A language tag of the form of BCP 47, such as `de-AT`; whether its parts mean something is not asked. Kept as it was
/// written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Language(String);

/// Why a text is not a language tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("must be a language tag such as en or de-AT, of at most 35 characters")]
pub struct LanguageError;

impl Language {
    /// Reads a tag.
    pub fn parse(text: &str) -> Result<Self, LanguageError> {
        let mut subtags = text.split('-');
        let language = subtags.next().unwrap_or_default();
        let named =
            (2..=MAX_SUBTAG).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
        let subtag = |subtag: &str| {
            (1..=MAX_SUBTAG).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if text.len() <= MAX_BYTES && named && subtags.all(subtag) {
            Ok(Self(text.to_owned()))
        } else {
            Err(LanguageError)
        }
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_other_texts() {
        for good in ["en", "de-AT", "zh-Hant-TW", "sl-rozaj-biske-1994", "en-US-u-islamcal", "de-419-x-private"] {
            assert_eq!(Language::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "e", "english language", "de_AT", "de-", "-de", "de--AT", "12", "dé", "de-toolongtag", "en\0"]
        {
            assert_eq!(Language::parse(bad), Err(LanguageError), "{bad:?}");
        }
        assert!(Language::parse(&format!("en{}", "-x1".repeat(11))).is_ok(), "35 characters");
        assert!(Language::parse(&format!("eng{}", "-x1".repeat(11))).is_err(), "36 characters");
    }
}
