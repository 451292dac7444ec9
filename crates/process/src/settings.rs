//! How the process as a whole is configured.

use std::path::PathBuf;

use serde::Deserialize;

/// Where the data is, and whether limits are on.
///
/// Environment prefix: ``.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NatterSettings {
    /// The directory of the databases and keys. It is made where it is missing.
    pub data_dir: PathBuf,
    /// Whether rates and counts per user and address are limited. Sizes, queues and times always are.
    pub limits_enabled: bool,
}

impl Default for NatterSettings {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("./data"), limits_enabled: true }
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
