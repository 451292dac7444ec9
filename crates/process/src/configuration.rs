//! The configuration that all programs share: read once and judged before anything is opened.

use std::collections::HashMap;
use std::error::Error;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bus::NatsSettings;
use database::postgres::PostgresSettings;
use database::redis::RedisSettings;
use identity::Expected;
use ipnet::IpNet;
use thiserror::Error;
use web::{AllowedOrigins, HttpSettings, TrustedProxies};

use crate::{LogSettings, ProcessSettings, TokenSettings, read};

/// Variables by their names.
pub type Variables = HashMap<String, String>;

/// What every program reads.
#[derive(Clone, Debug)]
pub struct Base {
    /// The process as a whole.
    pub process: ProcessSettings,
    /// What is logged.
    pub log: LogSettings,
    /// The HTTP side.
    pub http: HttpSettings,
    /// The proxies that are trusted.
    pub trusted_proxies: TrustedProxies,
    /// The pages that may call.
    pub allowed_origins: AllowedOrigins,
    /// The tokens.
    pub tokens: TokenSettings,
    /// PostgreSQL.
    pub postgres: PostgresSettings,
    /// Redis.
    pub redis: RedisSettings,
    /// NATS.
    pub nats: NatsSettings,
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
    /// Variables that make no sense together.
    #[error("{problem}: {reason}. {remedy}")]
    Contradiction {
        /// What is wrong.
        problem: String,
        /// Why it cannot work.
        reason: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A key file.
    #[error(
        "SERVICE_KEY_FILE {path} cannot be used: {cause}. It must have 32 bytes in base64 (openssl rand -base64 32)"
    )]
    ServiceKey {
        /// Its path.
        path: String,
        /// What went wrong.
        cause: io::Error,
    },
    /// The settings of one part.
    #[error(transparent)]
    Part(Box<dyn Error + Send + Sync>),
}

impl ConfigurationError {
    /// What a part of the program says of its own settings.
    pub fn part(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Part(Box::new(error))
    }
}

impl Base {
    /// Reads and judges the variables.
    pub fn from_vars(set: &Variables) -> Result<Self, ConfigurationError> {
        let http: HttpSettings = read("HTTP_", set)?;
        let trusted_proxies = http.trusted_proxies.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
        let allowed_origins =
            http.allowed_origins.iter().map(|text| origin(text)).collect::<Result<_, ConfigurationError>>()?;
        let base = Self {
            process: read("", set)?,
            log: read("LOG_", set)?,
            trusted_proxies: TrustedProxies(trusted_proxies),
            allowed_origins: AllowedOrigins(allowed_origins),
            http,
            tokens: read("AUTH_", set)?,
            postgres: PostgresSettings::from_vars(set.clone()).map_err(ConfigurationError::part)?,
            redis: RedisSettings::from_vars(set.clone()).map_err(ConfigurationError::part)?,
            nats: NatsSettings::from_vars(set.clone()).map_err(ConfigurationError::part)?,
        };
        base.judge_tokens()?;
        base.judge_engines()?;
        Ok(base)
    }

    fn judge_tokens(&self) -> Result<(), ConfigurationError> {
        let names = [("AUTH_ISSUER", &self.tokens.issuer), ("AUTH_AUDIENCE", &self.tokens.audience)];
        match names.into_iter().find(|(_, name)| !(1..=200).contains(&name.len())) {
            None => Ok(()),
            Some((variable, value)) => Err(ConfigurationError::OutOfBounds {
                variable,
                value: value.clone(),
                allowed: "a name of 1 to 200 characters",
            }),
        }
    }

    /// Whose tokens are taken.
    pub fn expected(&self) -> Expected {
        Expected { issuer: self.tokens.issuer.clone(), audience: self.tokens.audience.clone() }
    }

    /// Whether this is a node of a fleet.
    pub fn is_fleet(&self) -> bool {
        self.postgres.url.is_some()
    }

    /// Whether rates and counts are limited; warns when they are not.
    pub fn limits_enabled(&self) -> bool {
        if !self.process.limits_enabled {
            tracing::warn!("LIMITS_ENABLED=false: rates and counts are not limited. Do not offer this to the internet");
        }
        self.process.limits_enabled
    }

    /// The three engines come together or not at all: each pair of them without the third would lose something that is
    /// promised, most of it silently.
    fn judge_engines(&self) -> Result<(), ConfigurationError> {
        let engines = [
            (
                "POSTGRES_URL",
                self.postgres.url.is_some(),
                "with the store of one process, several nodes would each have accounts and rooms of their own",
            ),
            (
                "REDIS_URL",
                self.redis.url.is_some(),
                "without Redis a node would not know which sessions another one has ended",
            ),
            ("NATS_URL", self.nats.url.is_some(), "without NATS a node would not hear what happens on another one"),
        ];
        let set: Vec<&str> = engines.iter().filter(|(_, is_set, _)| *is_set).map(|(name, ..)| *name).collect();
        match engines.iter().find(|(_, is_set, _)| !is_set) {
            Some((missing, _, reason)) if !set.is_empty() => Err(ConfigurationError::Contradiction {
                problem: format!("{} is set and {missing} is not", set.join(" and ")),
                reason,
                remedy: "Set all three of POSTGRES_URL, REDIS_URL and NATS_URL for a fleet, or none of them for one process on the \
                         embedded store",
            }),
            Some(_) | None => self.judge_what_needs_a_fleet(),
        }
    }

    /// Refuses the embedded store for a program that cannot work on it.
    pub fn must_be_fleet(&self, program: &str) -> Result<(), ConfigurationError> {
        if self.is_fleet() {
            return Ok(());
        }
        Err(ConfigurationError::Contradiction {
            problem: format!("{program} was started without POSTGRES_URL, REDIS_URL and NATS_URL"),
            reason: "separate services share what the embedded store keeps in one process",
            remedy: "Set all three, or start `natter`, which is both services in one process",
        })
    }

    fn judge_what_needs_a_fleet(&self) -> Result<(), ConfigurationError> {
        if self.is_fleet() || !self.process.migrate_on_start {
            return Ok(());
        }
        Err(ConfigurationError::Contradiction {
            problem: "MIGRATE_ON_START is set and POSTGRES_URL is not".to_owned(),
            reason: "it means something in a fleet only; the embedded store migrates by itself",
            remedy: "Remove it, or set POSTGRES_URL, REDIS_URL and NATS_URL",
        })
    }

    /// The key that lets chat nodes ask auth nodes, if a file is named.
    pub fn service_key(&self) -> Result<Option<[u8; 32]>, ConfigurationError> {
        let Some(path) = &self.process.service_key_file else { return Ok(None) };
        let failed = |cause| ConfigurationError::ServiceKey { path: path.display().to_string(), cause };
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let key = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        key.map(Some).ok_or_else(|| failed(io::Error::other("that is something else")))
    }
}

/// The variables without the empty ones, which count as absent, as in a template that was copied; but for those that mean
/// something when they are set and empty.
pub fn without_empty(variables: Variables, meaningful: &[&str]) -> Variables {
    variables.into_iter().filter(|(name, value)| !value.is_empty() || meaningful.contains(&name.as_str())).collect()
}

/// A setting that a program cannot do without.
pub fn required<T>(value: Option<&T>, variable: &'static str, why: &'static str) -> Result<(), ConfigurationError> {
    if value.is_some() {
        return Ok(());
    }
    Err(ConfigurationError::Contradiction {
        problem: format!("{variable} is not set"),
        reason: why,
        remedy: "Set it; see .env.example",
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

    fn read_vars(vars: &[(&str, &str)]) -> Result<Base, ConfigurationError> {
        let all = vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Base::from_vars(&without_empty(all, &[]))
    }

    #[test]
    fn nothing_needs_to_be_configured() {
        let base = read_vars(&[("POSTGRES_URL", "")]).unwrap();
        assert_eq!(base.http.addr.to_string(), "127.0.0.1:8080");
        assert_eq!(base.process, ProcessSettings::default());
        assert!(!base.is_fleet() && base.service_key().unwrap().is_none());
    }

    #[test]
    fn a_variable_wins_over_its_default() {
        let base = read_vars(&[
            ("HTTP_ADDR", "[::1]:9000"),
            ("HTTP_ALLOWED_ORIGINS", "https://a.example,http://b.example:81/"),
            ("HTTP_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1"),
            ("LIMITS_ENABLED", "false"),
            ("LOG_FORMAT", "json"),
        ])
        .unwrap();
        assert_eq!(base.http.addr.port(), 9_000);
        assert_eq!(base.allowed_origins.0, ["https://a.example", "http://b.example:81"]);
        assert_eq!(base.trusted_proxies.0.len(), 2);
        assert!(!base.process.limits_enabled);
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
            ("NATS_PREFIX", "a.b"),
        ] {
            let error = read_vars(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{variable}: {error}");
        }
    }

    #[test]
    fn engines_come_together_or_not_at_all() {
        let engines = [
            ("POSTGRES_URL", "postgres://natter@localhost/natter"),
            ("REDIS_URL", "redis://localhost"),
            ("NATS_URL", "nats://localhost"),
        ];
        assert!(read_vars(&engines).unwrap().is_fleet());
        for chosen in 1..7 {
            let vars: Vec<_> = (0..3).filter(|bit| chosen & (1 << bit) != 0).map(|bit| engines[bit]).collect();
            let error = read_vars(&vars).unwrap_err().to_string();
            let (missing, _) = engines.iter().find(|engine| !vars.contains(engine)).unwrap();
            assert!(error.contains(&format!("{missing} is not")) && error.contains("all three"), "{error}");
        }
    }

    #[test]
    fn what_only_a_fleet_can_use_is_refused_elsewhere() {
        for (variable, value) in [("MIGRATE_ON_START", "true"), ("POSTGRES_REPLICA_URL", "postgres://localhost/x")] {
            let error = read_vars(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{error}");
        }
    }

    #[test]
    fn a_service_key_that_is_none_is_refused_with_the_way_to_make_one() {
        let error = read_vars(&[("SERVICE_KEY_FILE", "/nowhere/key")]).unwrap().service_key().unwrap_err().to_string();
        assert!(error.contains("/nowhere/key") && error.contains("openssl rand"), "{error}");
    }
}
