//! How a process as a whole is configured.

use std::path::PathBuf;

use serde::Deserialize;

/// Where the data is, and what holds for the whole process.
///
/// Environment prefix: ``.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ProcessSettings {
    /// The directory of the embedded databases and keys. It is made where it is missing. A fleet does not use it.
    pub data_dir: PathBuf,
    /// Whether rates and counts per user and address are limited. Sizes, queues and times always are.
    pub limits_enabled: bool,
    /// Whether a node of a fleet brings PostgreSQL's schema up to date when it starts. An embedded store always is.
    pub migrate_on_start: bool,
    /// The file of the key that lets chat nodes ask auth nodes, 32 bytes in base64; the same for all nodes of a fleet.
    pub service_key_file: Option<PathBuf>,
}

impl Default for ProcessSettings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./data"),
            limits_enabled: true,
            migrate_on_start: false,
            service_key_file: None,
        }
    }
}

/// Who makes the access tokens and whom they are for: the services that make them and those that take them must agree.
///
/// Environment prefix: `AUTH_`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TokenSettings {
    /// Who makes the access tokens: their `iss`; 1 to 200 characters.
    pub issuer: String,
    /// Whom the access tokens are for: their `aud`; 1 to 200 characters.
    pub audience: String,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self { issuer: "natter".to_owned(), audience: "natter".to_owned() }
    }
}

/// What is logged, and where to.
///
/// Environment prefix: `LOG_`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LogSettings {
    /// `text` for people or `json` for programs, on standard error.
    pub format: LogFormat,
    /// What is logged, in the syntax of tracing's EnvFilter: `info`, `warn,chat_handler=debug` …
    pub filter: String,
    /// A file that gets the log too, as JSON; it is appended to.
    pub file: Option<PathBuf>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned(), file: None }
    }
}
