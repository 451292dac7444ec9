//! How Redis is configured.

use std::fmt;
use std::time::Duration;

use redis::{Client, ConnectionAddr};
use serde::Deserialize;
use thiserror::Error;

/// Where Redis is, and how long it may take.
///
/// Environment prefix: `REDIS_`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RedisSettings {
    /// Where Redis is: `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS with the machine's
    /// certificates. Without it, what Redis would hold is held in the process.
    pub url: Option<String>,
    /// What the name of each key begins with, so that several installations can share a Redis; 1 to 64 letters, digits,
    /// `-`, `_` and `:`.
    pub prefix: String,
    /// How long a command may take, in milliseconds; 50 to 1000. What takes longer counts as away.
    pub timeout_ms: u64,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self { url: None, prefix: "natter".to_owned(), timeout_ms: 250 }
    }
}

impl fmt::Debug for RedisSettings {
    /// Leaves the URL out, which may have a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("url", &self.url.as_ref().map(|_| "…"))
            .field("prefix", &self.prefix)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}

/// A setting that cannot be used; it names the variable and says what would do, and never shows the URL.
#[derive(Debug, Error)]
pub enum RedisSettingsError {
    /// A variable could not be read at all.
    #[error("the REDIS_ settings cannot be read: {0}")]
    Unreadable(envy::Error),
    /// The URL is none, or asks for something that there is not.
    #[error("REDIS_URL cannot be used: {0}")]
    BadUrl(String),
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

impl RedisSettings {
    /// Reads the settings from variables, those of the process or a test's own, and judges them.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, RedisSettingsError> {
        // An empty variable is one that is not set, as in a template that was copied.
        let set = vars.into_iter().filter(|(_, value)| !value.is_empty());
        let settings: Self = envy::prefixed("REDIS_").from_iter(set).map_err(RedisSettingsError::Unreadable)?;
        settings.validate()?;
        Ok(settings)
    }

    /// Judges each value against its bounds.
    pub fn validate(&self) -> Result<(), RedisSettingsError> {
        self.client().map(drop)?;
        let out_of_bounds = |variable, value, allowed| RedisSettingsError::OutOfBounds { variable, value, allowed };
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
        if !(1..=64).contains(&self.prefix.len()) || !self.prefix.bytes().all(fine) {
            let value = format!("{:?}", self.prefix);
            return Err(out_of_bounds("REDIS_PREFIX", value, "1 to 64 letters, digits, -, _ and :"));
        }
        // A revocation insists for 1.5 s, in which every node's probe must have noticed a Redis that hangs.
        if !(50..=1_000).contains(&self.timeout_ms) {
            return Err(out_of_bounds("REDIS_TIMEOUT_MS", self.timeout_ms.to_string(), "50 to 1000"));
        }
        Ok(())
    }

    /// How long a command may take.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// What opens connections; `None` when there is no URL. Nothing is connected yet.
    pub(super) fn client(&self) -> Result<Option<Client>, RedisSettingsError> {
        let Some(url) = &self.url else { return Ok(None) };
        let bad = |why: String| Err(RedisSettingsError::BadUrl(why));
        let client = match Client::open(url.as_str()) {
            Ok(client) => client,
            // What the error calls its detail may be a piece of the URL.
            Err(error) => return bad(format!("{}; it looks like redis://host:6379", error.category())),
        };
        match client.get_connection_info().addr() {
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                bad("TLS without looking at the certificate is not supported; remove #insecure".to_owned())
            }
            _ => Ok(Some(client)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<RedisSettings, RedisSettingsError> {
        RedisSettings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn without_variables_there_are_defaults_and_a_variable_wins() {
        assert_eq!(read(&[("HTTP_ADDR", "x"), ("REDIS_URL", "")]).unwrap(), RedisSettings::default());
        for url in ["redis://10.0.0.1", "redis://ann:secret@redis:6380/2", "rediss://redis.example.org:6379"] {
            let settings = read(&[("REDIS_URL", url), ("REDIS_PREFIX", "a:B-1_"), ("REDIS_TIMEOUT_MS", "50")]).unwrap();
            assert_eq!((settings.url.as_deref(), settings.timeout_ms), (Some(url), 50));
        }
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_variable() {
        for (variable, value) in [
            ("REDIS_URL", "localhost:6379"),
            ("REDIS_URL", "http://localhost:6379"),
            ("REDIS_URL", "rediss://localhost:6379/#insecure"),
            ("REDIS_PREFIX", "natter "),
            ("REDIS_PREFIX", "*"),
            ("REDIS_TIMEOUT_MS", "49"),
            ("REDIS_TIMEOUT_MS", "1001"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{error}");
        }
        assert!(matches!(read(&[("REDIS_TIMEOUT_MS", "fast")]), Err(RedisSettingsError::Unreadable(_))));
    }

    #[test]
    fn a_password_is_shown_neither_by_the_settings_nor_by_an_error() {
        let settings = read(&[("REDIS_URL", "redis://:hunter2@redis/0")]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        for url in
            ["http://:hunter2@redis", "redis://:hunter2@redis/hunter2", "redis://:hunter2@redis?protocol=hunter2"]
        {
            let error = read(&[("REDIS_URL", url)]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
