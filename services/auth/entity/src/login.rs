//! What one types into the first field when signing in: a user name or an e-mail address.

use std::fmt;

use thiserror::Error;

/// As long as the longest e-mail address.
const MAX_BYTES: usize = 254;

/// The key of an account, by one of its two names. A user name has no `@`, an address has one, so the two cannot be
/// mistaken for each other.
///
/// It is not checked any further: what cannot be an account's name is an unknown account, and costs the same (I22).
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// The key of a user name.
    Username(String),
    /// The key of an e-mail address.
    Email(String),
}

/// Why a text cannot be looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum LoginError {
    /// Empty, or more than 254 bytes.
    #[error("must be a user name or an e-mail address of at most 254 bytes")]
    Length,
}

impl Login {
    /// Reads a login.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        if text.is_empty() || text.len() > MAX_BYTES {
            return Err(LoginError::Length);
        }
        let key = text.to_lowercase();
        Ok(if key.contains('@') { Self::Email(key) } else { Self::Username(key) })
    }

    /// The key, whichever kind it is.
    pub fn key(&self) -> &str {
        match self {
            Self::Username(key) | Self::Email(key) => key,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Email, Username};

    #[test]
    fn a_login_finds_both_names_of_an_account_however_they_are_spelled() {
        let username = Username::parse("Ann.B").unwrap();
        assert_eq!(Login::parse("aNN.b").unwrap(), Login::Username(username.key()));
        let email = Email::parse("Ann@Example.org").unwrap();
        assert_eq!(Login::parse("ANN@example.ORG").unwrap(), Login::Email(email.key()));
    }

    #[test]
    fn a_text_that_can_be_no_account_is_a_login_all_the_same() {
        assert!(Login::parse("no such name!").is_ok());
        assert_eq!(Login::parse(""), Err(LoginError::Length));
        assert_eq!(Login::parse(&"x".repeat(255)), Err(LoginError::Length));
    }
}
