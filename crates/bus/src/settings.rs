//! How the bus of a fleet is configured.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use thiserror::Error;
use url::Url;

/// NATS, the bus between nodes. Without a URL the bus is the process itself.
///
/// Environment prefix: `NATS_`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NatsSettings {
    /// Where NATS is, such as nats://user:password@host:4222; several with commas between them.
    pub url: Option<String>,
    /// The first word of all subjects, so that several installations can share a NATS: letters, digits, `_`, `-`.
    pub prefix: String,
    /// A credentials file of NATS, instead of a password in the URL.
    pub credentials_file: Option<PathBuf>,
    /// How many NATS servers keep the stream of durable events; 1 to 5.
    pub stream_replicas: usize,
    /// The most that the stream of durable events keeps, in MiB; the oldest go first. 1 to 1048576.
    pub stream_max_mib: u32,
    /// How long the stream keeps an event, in days; 1 to 365.
    pub stream_max_days: u32,
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "natter".to_owned(),
            credentials_file: None,
            stream_replicas: 1,
            stream_max_mib: 256,
            stream_max_days: 7,
        }
    }
}

impl fmt::Debug for NatsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may have a password in it.
        f.debug_struct("NatsSettings").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// A setting that cannot be used; it names the variable and says what would do.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A variable could not be read at all.
    #[error("the NATS_ settings cannot be read: {0}")]
    Unreadable(envy::Error),
    /// The address is none. It is not shown, as it may have a password in it.
    #[error("NATS_URL is not an address; it must be like nats://host:4222, several with commas between them")]
    Url,
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

impl NatsSettings {
    /// Reads the settings from variables, those of the process or a test's own, and judges them.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let set = vars.into_iter().filter(|(_, value)| !value.is_empty());
        let settings: Self = envy::prefixed("NATS_").from_iter(set).map_err(SettingsError::Unreadable)?;
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        let check = |good: bool, variable: &'static str, value: String, allowed: &'static str| {
            if good { Ok(()) } else { Err(SettingsError::OutOfBounds { variable, value, allowed }) }
        };
        let is_address = |text: &str| {
            Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "nats" | "tls") && url.host_str().is_some())
        };
        if self.url.as_deref().is_some_and(|urls| !urls.split(',').all(|url| is_address(url.trim()))) {
            return Err(SettingsError::Url);
        }
        let is_word = (1..=64).contains(&self.prefix.len())
            && self.prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        check(is_word, "NATS_PREFIX", format!("{:?}", self.prefix), "1 to 64 letters, digits, _ and -")?;
        let replicas = self.stream_replicas;
        check((1..=5).contains(&replicas), "NATS_STREAM_REPLICAS", replicas.to_string(), "1 to 5")?;
        let most = self.stream_max_mib;
        check((1..=1_048_576).contains(&most), "NATS_STREAM_MAX_MIB", most.to_string(), "1 to 1048576")?;
        let days = self.stream_max_days;
        check((1..=365).contains(&days), "NATS_STREAM_MAX_DAYS", days.to_string(), "1 to 365")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<NatsSettings, SettingsError> {
        NatsSettings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn without_variables_there_is_no_nats_and_several_addresses_are_taken() {
        assert_eq!(read(&[("NATS_URL", "")]).unwrap(), NatsSettings::default());
        assert!(read(&[("NATS_URL", "nats://a:4222, tls://u:p@b:4222")]).is_ok());
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_variable_and_a_password_is_not_shown() {
        for (variable, value) in [
            ("NATS_URL", "redis://user:hunter2@host"),
            ("NATS_URL", "nats://user:hunter2@"),
            ("NATS_PREFIX", "a.b"),
            ("NATS_STREAM_REPLICAS", "0"),
            ("NATS_STREAM_MAX_MIB", "0"),
            ("NATS_STREAM_MAX_DAYS", "0"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable) && !error.contains("hunter2"), "{error}");
        }
        let settings = read(&[("NATS_URL", "nats://user:hunter2@host")]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
