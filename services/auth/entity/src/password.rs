//! Passwords: what may be chosen as one, and what may be tried as one.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use thiserror::Error;

use crate::{Email, Username};

const MAX_CHARS: usize = 128;
const MAX_BYTES: usize = 512;

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// What the operator asks of passwords.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PasswordPolicy {
    /// The fewest characters that a new password may have.
    pub min_chars: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_chars: 8 }
    }
}

/// A password that may be chosen: `min_chars` to 128 characters, at most 512 bytes, not a common one and none of the
/// owner's names. There are no rules about kinds of characters.
#[derive(Clone)]
pub struct Password(String);

/// A password that somebody tries; its only rule is that it has at most 512 bytes.
#[derive(Clone)]
pub struct PasswordAttempt(String);

/// Why a text may not be chosen as a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PasswordError {
    /// Fewer characters than the policy asks for.
    #[error("must have at least {min_chars} characters; 15 or more, such as a few words, are better")]
    TooShort {
        /// The policy's minimum.
        min_chars: usize,
    },
    /// More than 128 characters or 512 bytes.
    #[error("must have at most 128 characters and 512 bytes")]
    TooLong,
    /// One of those that are tried first.
    #[error("is one of the most common passwords and would be guessed at once; choose another")]
    Common,
    /// The owner's user name, e-mail address, or the part of it before the @.
    #[error("must not be the user name or the e-mail address")]
    OwnName,
}

impl Password {
    /// Judges a new password against the policy and its owner's names.
    pub fn choose(
        text: String,
        policy: PasswordPolicy,
        username: &Username,
        email: &Email,
    ) -> Result<Self, PasswordError> {
        let password = Self::judge(text, policy)?;
        let lower = password.0.to_lowercase();
        if lower == username.key() || lower == email.key() || lower == email.local_part().to_lowercase() {
            return Err(PasswordError::OwnName);
        }
        Ok(password)
    }

    /// Judges a new password by itself, for when its owner's names are not known or wrong.
    pub fn judge(text: String, policy: PasswordPolicy) -> Result<Self, PasswordError> {
        if text.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        let chars = text.chars().count();
        if chars > MAX_CHARS {
            return Err(PasswordError::TooLong);
        }
        if chars < policy.min_chars {
            return Err(PasswordError::TooShort { min_chars: policy.min_chars });
        }
        if COMMON.contains(text.to_lowercase().as_str()) {
            return Err(PasswordError::Common);
        }
        Ok(Self(text))
    }

    /// The text, for the hash function only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PasswordAttempt {
    /// Takes what was typed; the bound keeps the hash function's input small.
    pub fn new(text: String) -> Result<Self, PasswordError> {
        if text.len() > MAX_BYTES { Err(PasswordError::TooLong) } else { Ok(Self(text)) }
    }

    /// The text, for the hash function only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttempt(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn choose(text: &str) -> Result<Password, PasswordError> {
        let username = Username::parse("Ann.Bowen").unwrap();
        let email = Email::parse("Dr.A.Bowen@Example.org").unwrap();
        Password::choose(text.to_owned(), PasswordPolicy::default(), &username, &email)
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert_eq!(choose("öäüöäüö").unwrap_err(), PasswordError::TooShort { min_chars: 8 });
        assert!(choose("öäüöäüöä").is_ok());
        assert!(choose(&"😀".repeat(128)).is_ok(), "128 characters of 4 bytes are 512 bytes");
        assert_eq!(choose(&"a".repeat(129)).unwrap_err(), PasswordError::TooLong);
        let long = PasswordPolicy { min_chars: 15 };
        assert!(Password::judge("fourteen chars".to_owned(), long).is_err());
        assert!(Password::judge("fifteen chars ok".to_owned(), long).is_ok());
    }

    #[test]
    fn a_common_password_is_refused_however_it_is_spelled() {
        for common in ["password", "PassWord1", "qwertyuiop", "12345678"] {
            assert_eq!(choose(common).unwrap_err(), PasswordError::Common, "{common}");
        }
    }

    #[test]
    fn the_owners_names_are_refused_however_they_are_spelled() {
        for own in ["ann.BOWEN", "dr.a.bowen@example.ORG", "DR.A.Bowen"] {
            assert_eq!(choose(own).unwrap_err(), PasswordError::OwnName, "{own}");
        }
    }

    #[test]
    fn the_list_is_written_so_that_each_line_can_match() {
        assert!(COMMON.len() > 300, "{}", COMMON.len());
        for line in COMMON.iter() {
            assert!(line.chars().count() >= 8 && line.to_lowercase() == *line && line.trim() == *line, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn debug_never_shows_a_password(text in "[a-z0-9]{10,40}") {
            let attempt = PasswordAttempt::new(text.clone()).unwrap();
            let shown = format!("{attempt:?}");
            prop_assert!(!shown.contains(&text));
            if let Ok(password) = Password::judge(text.clone(), PasswordPolicy::default()) {
                let shown = format!("{password:?}");
                prop_assert!(!shown.contains(&text));
            }
        }

        #[test]
        fn no_text_makes_the_rules_panic(text in any::<String>()) {
            let _ = choose(&text);
        }
    }
}
