//! How the auth service is configured.

use std::path::PathBuf;

use process::{ConfigurationError, required};
use serde::Deserialize;
use thiserror::Error;

/// Keys, passwords, and how often one may try.
///
/// Environment prefix: `AUTH_`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AuthSettings {
    /// The Ed25519 key that signs access tokens, PKCS#8 in PEM. Without it, one is made in the data directory.
    pub signing_key_file: Option<PathBuf>,
    /// Further Ed25519 keys whose access tokens are good, public or private ones in PEM, with commas between the files: the
    /// next signing key before it signs, and the one before for as long as its tokens last. At most 8.
    pub verification_key_files: Vec<PathBuf>,
    /// The key of refresh tokens, 32 bytes in base64. Without it, one is made in the data directory.
    pub refresh_key_file: Option<PathBuf>,
    /// How long an access token lasts, in seconds; 60 to 3600.
    pub access_ttl_seconds: u32,
    /// The fewest characters of a new password; 8 to 128.
    pub password_min_chars: usize,
    /// Threads that hash passwords; 0 for one for each core. Each uses `AUTH_HASH_MEMORY_KIB` of memory.
    pub hash_threads: usize,
    /// Sign-ins and sign-ups that may wait for a hashing thread; one more is told `overloaded`.
    pub hash_queue: usize,
    /// Memory that a password hash takes, in KiB; 8192 to 1048576.
    pub hash_memory_kib: u32,
    /// How often a password hash passes over its memory; 1 to 16.
    pub hash_passes: u32,
    /// Sign-ins per minute and address.
    pub sign_in_per_minute: u32,
    /// Sign-ins per minute and account before each one has to wait longer than the one before.
    pub sign_in_per_account_per_minute: u32,
    /// Refreshes per minute and session.
    pub refresh_per_minute: u32,
    /// Sign-ups per hour and address.
    pub sign_up_per_hour: u32,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            signing_key_file: None,
            verification_key_files: Vec::new(),
            refresh_key_file: None,
            access_ttl_seconds: 300,
            password_min_chars: 8,
            hash_threads: 0,
            hash_queue: 64,
            hash_memory_kib: 19_456,
            hash_passes: 2,
            sign_in_per_minute: 10,
            sign_in_per_account_per_minute: 5,
            refresh_per_minute: 30,
            sign_up_per_hour: 5,
        }
    }
}

/// A setting that cannot be used; it names the variable and says what would do.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A variable could not be read at all.
    #[error("the AUTH_ settings cannot be read: {0}")]
    Unreadable(envy::Error),
    /// A variable has a value outside its bounds.
    #[error("{variable} is {value}; it must be {allowed}")]
    OutOfBounds {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        allowed: &'static str,
    },
}

impl AuthSettings {
    /// Reads the settings from variables, those of the process or a test's own, and judges them.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        // An empty variable is one that is not set, as in a template that was copied.
        let set = vars.into_iter().filter(|(_, value)| !value.is_empty());
        let settings: Self = envy::prefixed("AUTH_").from_iter(set).map_err(SettingsError::Unreadable)?;
        settings.validate()?;
        Ok(settings)
    }

    /// A node of a fleet must be given the keys that all others have.
    pub fn must_have_keys(&self) -> Result<(), ConfigurationError> {
        let why = "all nodes of a fleet make and read tokens with the same keys, so none may make its own";
        required(self.signing_key_file.as_ref(), "AUTH_SIGNING_KEY_FILE", why)?;
        required(self.refresh_key_file.as_ref(), "AUTH_REFRESH_KEY_FILE", why)
    }

    /// Judges each value against its bounds.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let check = |good: bool, variable: &'static str, value: String, allowed: &'static str| {
            if good { Ok(()) } else { Err(SettingsError::OutOfBounds { variable, value, allowed }) }
        };
        let rate = "1 or more; LIMITS_ENABLED=false lifts all limits";
        let bounded: [(&'static str, u64, std::ops::RangeInclusive<u64>, &'static str); 11] = [
            (
                "AUTH_VERIFICATION_KEY_FILES",
                self.verification_key_files.len() as u64,
                0..=8,
                "the paths of at most 8 files",
            ),
            ("AUTH_ACCESS_TTL_SECONDS", self.access_ttl_seconds.into(), 60..=3_600, "60 to 3600"),
            ("AUTH_PASSWORD_MIN_CHARS", self.password_min_chars as u64, 8..=128, "8 to 128"),
            ("AUTH_HASH_THREADS", self.hash_threads as u64, 0..=256, "0 to 256"),
            ("AUTH_HASH_QUEUE", self.hash_queue as u64, 1..=10_000, "1 to 10000"),
            ("AUTH_HASH_MEMORY_KIB", self.hash_memory_kib.into(), 8_192..=1_048_576, "8192 to 1048576"),
            ("AUTH_HASH_PASSES", self.hash_passes.into(), 1..=16, "1 to 16"),
            ("AUTH_SIGN_IN_PER_MINUTE", self.sign_in_per_minute.into(), 1..=u64::MAX, rate),
            ("AUTH_SIGN_IN_PER_ACCOUNT_PER_MINUTE", self.sign_in_per_account_per_minute.into(), 1..=u64::MAX, rate),
            ("AUTH_REFRESH_PER_MINUTE", self.refresh_per_minute.into(), 1..=u64::MAX, rate),
            ("AUTH_SIGN_UP_PER_HOUR", self.sign_up_per_hour.into(), 1..=u64::MAX, rate),
        ];
        for (variable, value, allowed, text) in bounded {
            check(allowed.contains(&value), variable, value.to_string(), text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<AuthSettings, SettingsError> {
        AuthSettings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn without_variables_there_are_defaults_and_a_variable_wins() {
        assert_eq!(read(&[("HTTP_ADDR", "x"), ("AUTH_HASH_PASSES", "")]).unwrap(), AuthSettings::default());
        let settings = read(&[("AUTH_HASH_THREADS", "3"), ("AUTH_SIGNING_KEY_FILE", "/etc/key.pem")]).unwrap();
        assert_eq!(settings.hash_threads, 3);
        assert_eq!(settings.signing_key_file, Some(PathBuf::from("/etc/key.pem")));
        let settings = read(&[("AUTH_VERIFICATION_KEY_FILES", "/a.pem,/b.pem")]).unwrap();
        assert_eq!(settings.verification_key_files, [PathBuf::from("/a.pem"), PathBuf::from("/b.pem")]);
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_variable() {
        for (variable, value) in [
            ("AUTH_VERIFICATION_KEY_FILES", "1,2,3,4,5,6,7,8,9"),
            ("AUTH_ACCESS_TTL_SECONDS", "59"),
            ("AUTH_PASSWORD_MIN_CHARS", "4"),
            ("AUTH_HASH_QUEUE", "0"),
            ("AUTH_HASH_MEMORY_KIB", "1"),
            ("AUTH_HASH_PASSES", "0"),
            ("AUTH_SIGN_IN_PER_MINUTE", "0"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{error}");
        }
        assert!(matches!(read(&[("AUTH_HASH_PASSES", "two")]), Err(SettingsError::Unreadable(_))));
    }
}
