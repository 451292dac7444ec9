//! The configuration of both services in one process.

use auth_server::AuthSettings;
use chat_server::ChatSettings;
use process::{Base, ConfigurationError, Variables, without_empty};

/// Everything that can be configured, judged.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What every program reads.
    pub base: Base,
    /// The auth service.
    pub auth: AuthSettings,
    /// The chat service.
    pub chat: ChatSettings,
}

impl Configuration {
    /// Reads and judges the variables. An empty one counts as absent, but for the one that means something then.
    pub fn from_vars(variables: Variables) -> Result<Self, ConfigurationError> {
        let set = without_empty(variables, &[chat_server::DEFAULT_ROOMS]);
        let base = Base::from_vars(&set)?;
        let auth = AuthSettings::from_vars(set.clone()).map_err(ConfigurationError::part)?;
        if base.is_fleet() {
            auth.must_have_keys()?;
        }
        Ok(Self { base, auth, chat: ChatSettings::from_vars(set).map_err(ConfigurationError::part)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_vars(vars: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
        Configuration::from_vars(vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn nothing_needs_to_be_configured_and_a_wrong_value_is_refused_by_the_name_of_its_variable() {
        assert!(!read_vars(&[]).unwrap().base.is_fleet());
        for (variable, value) in [("AUTH_HASH_PASSES", "0"), ("CHAT_HEARTBEAT_MS", "0"), ("HTTP_ADDR", "localhost")] {
            let error = read_vars(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{variable}: {error}");
        }
    }

    #[test]
    fn a_node_of_a_fleet_must_be_given_the_fleets_keys() {
        let engines = [
            ("POSTGRES_URL", "postgres://natter@localhost/natter"),
            ("REDIS_URL", "redis://localhost"),
            ("NATS_URL", "nats://localhost"),
        ];
        let error = read_vars(&engines).unwrap_err().to_string();
        assert!(error.contains("AUTH_SIGNING_KEY_FILE"), "{error}");
        let with_keys =
            [engines.as_slice(), &[("AUTH_SIGNING_KEY_FILE", "/a"), ("AUTH_REFRESH_KEY_FILE", "/b")]].concat();
        assert!(read_vars(&with_keys).is_ok());
    }
}
