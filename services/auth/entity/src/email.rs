//! E-mail addresses: the other thing that one may sign in with, shown to nobody but the owner.

use std::fmt;

use email_address::{EmailAddress, Options};
use thiserror::Error;

/// The longest address that mail servers must take (RFC 5321, a path of 256 with its angle brackets).
const MAX_BYTES: usize = 254;

/// A well-formed address without display name; kept as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// Why a text is not an e-mail address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EmailError {
    /// More than 254 bytes.
    #[error("must have at most 254 bytes")]
    Length,
    /// Not an address.
    #[error("must be an e-mail address such as ann@example.org")]
    Form,
}

impl Email {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > MAX_BYTES {
            return Err(EmailError::Length);
        }
        let options = Options::default().without_display_text().without_domain_literal();
        let blank = text.chars().any(|c| c.is_whitespace() || c.is_control());
        match EmailAddress::parse_with_options(text, options) {
            Ok(_) if !blank => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err(EmailError::Form),
        }
    }

    /// The address as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What must be unique: the address in lower case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// What stands before the last `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }
}

impl fmt::Debug for Email {
    /// Addresses do not belong into logs (I24).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["ann@example.org", "Ann.B+chat@Example.ORG", "a@localhost", "ö@例え.jp"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ann",
            "@",
            "ann@",
            "@example.org",
            "a b@example.org",
            "Ann <ann@example.org>",
            "a@b@c.d",
            "a@[::1]",
            "a@x.org\n",
        ] {
            assert_eq!(Email::parse(bad), Err(EmailError::Form), "{bad:?}");
        }
        let domain = format!("{}.{}.{}.org", "d".repeat(63), "e".repeat(63), "f".repeat(57));
        let longest = format!("{}@{domain}", "a".repeat(64));
        assert_eq!(longest.len(), 254);
        assert!(Email::parse(&longest).is_ok());
        assert_eq!(Email::parse(&format!("{longest}x")), Err(EmailError::Length));
    }

    #[test]
    fn an_address_is_not_shown_by_debug() {
        assert!(!format!("{:?}", Email::parse("ann@example.org").unwrap()).contains("ann"));
    }

    proptest! {
        #[test]
        fn the_key_ignores_case(local in "[a-zA-Z0-9]{1,20}", domain in "[a-zA-Z]{1,20}\\.[a-z]{2,5}") {
            let email = Email::parse(&format!("{local}@{domain}")).unwrap();
            let shouted = Email::parse(&email.as_str().to_uppercase()).unwrap();
            prop_assert_eq!(email.key(), shouted.key());
            prop_assert_eq!(email.local_part(), local);
        }
    }
}
