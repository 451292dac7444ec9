//! The configuration: read once, from the environment and a file, and judged before anything is opened.

use std::collections::HashMap;
use std::path::Path;

use auth_server::AuthSettings;
use chat_server::ChatSettings;
use ipnet::IpNet;
use serde::de::DeserializeOwned;
use thiserror::Error;
use web::{AllowedOrigins, HttpSettings, TrustedProxies};

use crate::{LogSettings, NatterSettings};

/// The file that is read when it is there and none is named.
const DEFAULT_FILE: &str = ".env";

/// Everything that can be configured, judged.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The process as a whole.
    pub natter: NatterSettings,
    /// What is logged.
    pub log: LogSettings,
    /// The HTTP side.
    pub http: HttpSettings,
    /// The proxies that are trusted.
    pub trusted_proxies: TrustedProxies,
    /// The pages that may call.
    pub allowed_origins: AllowedOrigins,
    /// The auth service.
    pub auth: AuthSettings,
    /// The chat service.
    pub chat: ChatSettings,
}

/// A configuration that cannot be used. It names the variable and says what to do.
#[derive(Debug, Error)]
pub enum ConfigurationError {
    /// The file that was named.
    #[error("the environment file {path} cannot be read: {cause}")]
    File {
        /// Its path.
        path: String,
        /// What went wrong.
        cause: dotenvy::Error,
    },
    /// A variable that could not be understood.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(String),
    /// A variable whose value will not do.
    #[error("{variable} is {value:?}; it must be {allowed}")]
    OutOfBounds {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        allowed: &'static str,
    },
    /// A variable of a fleet, which this version cannot be.
    #[error(
        "{variable} is set, and this version of Natter knows the embedded store only: one process, everything in \
         DATA_DIR. Remove the variable"
    )]
    NotYet {
        /// The variable.
        variable: &'static str,
    },
    /// The auth service's.
    #[error(transparent)]
    Auth(#[from] auth_server::SettingsError),
    /// The chat service's.
    #[error(transparent)]
    Chat(#[from] chat_server::SettingsError),
}

/// The variables of the process and of a file, which lose against those of the process. Without a name it is `.env`, if
/// there is one.
pub fn variables(file: Option<&Path>) -> Result<HashMap<String, String>, ConfigurationError> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let mut variables = HashMap::new();
    if file.is_some() || path.exists() {
        let failed = |cause| ConfigurationError::File { path: path.display().to_string(), cause };
        for pair in dotenvy::from_path_iter(path).map_err(failed)? {
            let (name, value) = pair.map_err(failed)?;
            variables.insert(name, value);
        }
    }
    variables.extend(
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    );
    Ok(variables)
}

impl Configuration {
    /// Reads and judges the variables. An empty one counts as absent, as in a template that was copied, but for the one
    /// that means something then.
    pub fn from_vars(variables: HashMap<String, String>) -> Result<Self, ConfigurationError> {
        let is_set = |(name, value): &(String, String)| !value.is_empty() || name == chat_server::DEFAULT_ROOMS;
        let set: HashMap<_, _> = variables.into_iter().filter(is_set).collect();
        for variable in ["POSTGRES_URL", "REDIS_URL", "NATS_URL"] {
            if set.contains_key(variable) {
                return Err(ConfigurationError::NotYet { variable });
            }
        }
        let http: HttpSettings = read("HTTP_", &set)?;
        let trusted_proxies = http.trusted_proxies.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
        let allowed_origins =
            http.allowed_origins.iter().map(|text| origin(text)).collect::<Result<_, ConfigurationError>>()?;
        Ok(Self {
            natter: read("", &set)?,
            log: read("LOG_", &set)?,
            trusted_proxies: TrustedProxies(trusted_proxies),
            allowed_origins: AllowedOrigins(allowed_origins),
            http,
            auth: AuthSettings::from_vars(set.clone())?,
            chat: ChatSettings::from_vars(set)?,
        })
    }
}

fn read<T: DeserializeOwned>(prefix: &str, set: &HashMap<String, String>) -> Result<T, ConfigurationError> {
    let named = |error: &dyn std::fmt::Display| {
        // envy says which value it could not read, and for some types not of which variable.
        ConfigurationError::Unreadable(format!("{prefix}… {error}"))
    };
    envy::prefixed(prefix).from_iter(set.iter().map(|(name, value)| (name.clone(), value.clone()))).map_err(|error| {
        match culprit::<T>(prefix, set) {
            Some(variable) => named(&format!("{variable}: {error}")),
            None => named(&error),
        }
    })
}

/// The variable without which the rest can be read.
fn culprit<T: DeserializeOwned>(prefix: &str, set: &HashMap<String, String>) -> Option<String> {
    let mut names: Vec<&String> = set.keys().filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names.into_iter().find_map(|suspect| {
        let without = set.iter().filter(|(name, _)| *name != suspect);
        let reads =
            envy::prefixed(prefix).from_iter::<_, T>(without.map(|(name, value)| (name.clone(), value.clone())));
        reads.is_ok().then(|| suspect.clone())
    })
}

fn network(text: &str) -> Result<IpNet, ConfigurationError> {
    let text = text.trim();
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| ConfigurationError::OutOfBounds {
        variable: "HTTP_TRUSTED_PROXIES",
        value: text.to_owned(),
        allowed: "addresses or networks such as 10.0.0.0/8, with commas between them",
    })
}

fn origin(text: &str) -> Result<String, ConfigurationError> {
    let text = text.trim().trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', ' ', '*', '?', '#', '@']) => Ok(text.to_owned()),
        _ => Err(ConfigurationError::OutOfBounds {
            variable: "HTTP_ALLOWED_ORIGINS",
            value: text.to_owned(),
            allowed: "origins such as https://chat.example.org, with commas between them",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_vars(vars: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
        Configuration::from_vars(vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn nothing_needs_to_be_configured() {
        let configuration = read_vars(&[]).unwrap();
        assert_eq!(configuration.http.addr.to_string(), "127.0.0.1:8080");
        assert_eq!(configuration.natter, NatterSettings::default());
    }

    #[test]
    fn a_variable_wins_over_its_default() {
        let configuration = read_vars(&[
            ("HTTP_ADDR", "[::1]:9000"),
            ("HTTP_ALLOWED_ORIGINS", "https://a.example,http://b.example:81/"),
            ("HTTP_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1"),
            ("LIMITS_ENABLED", "false"),
            ("LOG_FORMAT", "json"),
        ])
        .unwrap();
        assert_eq!(configuration.http.addr.port(), 9_000);
        assert_eq!(configuration.allowed_origins.0, ["https://a.example", "http://b.example:81"]);
        assert_eq!(configuration.trusted_proxies.0.len(), 2);
        assert!(!configuration.natter.limits_enabled);
    }

    #[test]
    fn a_wrong_value_is_refused_by_the_name_of_its_variable() {
        for (variable, value) in [
            ("HTTP_ADDR", "localhost"),
            ("HTTP_WORKERS", "many"),
            ("HTTP_ALLOWED_ORIGINS", "*"),
            ("HTTP_ALLOWED_ORIGINS", "null"),
            ("HTTP_TRUSTED_PROXIES", "proxy"),
            ("LIMITS_ENABLED", "perhaps"),
            ("LOG_FORMAT", "xml"),
            ("AUTH_HASH_PASSES", "0"),
            ("CHAT_HEARTBEAT_MS", "0"),
            ("POSTGRES_URL", "postgres://localhost"),
        ] {
            let error = read_vars(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{variable}: {error}");
        }
    }
}
