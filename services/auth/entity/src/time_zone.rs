//! The clock that a person lives by.

use thiserror::Error;

const MAX_BYTES: usize = 64;

/// A time zone's name of the form of the IANA database, such as `Europe/Vienna`; whether there is such a zone is not asked,
/// as the database changes several times a year. Kept as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeZone(String);

/// Why a text is not a time zone's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("must be the name of a time zone such as Europe/Vienna or UTC, of at most 64 characters")]
pub struct TimeZoneError;

impl TimeZone {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, TimeZoneError> {
        let part = |part: &str| {
            let mut bytes = part.bytes();
            bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
        };
        if text.len() <= MAX_BYTES && text.split('/').all(part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TimeZoneError)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_zones_are_told_from_other_texts() {
        for good in [
            "UTC",
            "Europe/Vienna",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+12",
            "America/Port-au-Prince",
            "EST5EDT",
        ] {
            assert_eq!(TimeZone::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "+01:00",
            "Europe/",
            "/Vienna",
            "Europe//Vienna",
            "../etc/passwd",
            "Europe/Wien 1",
            "Österreich",
            "A\0",
        ] {
            assert_eq!(TimeZone::parse(bad), Err(TimeZoneError), "{bad:?}");
        }
        assert!(TimeZone::parse(&"x".repeat(64)).is_ok());
        assert!(TimeZone::parse(&"x".repeat(65)).is_err());
    }
}
