//! How PostgreSQL is reached, by either service.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::Deserialize;
use thiserror::Error;

use super::server::Server;

/// Where the database is, how many connections there are to it, and how long they wait.
///
/// Environment prefix: `POSTGRES_`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PostgresSettings {
    /// The database: `postgres://user:password@host:port/database`. With `?sslmode=require` connections are encrypted
    /// and the server's certificate is checked.
    pub url: Option<String>,
    /// A copy of the database that may be behind; it serves old history.
    pub replica_url: Option<String>,
    /// The authorities whose certificates are trusted, in PEM; without it, those of the machine.
    pub ca_file: Option<PathBuf>,
    /// Connections that read, for each database; 1 to 256.
    pub pool_size: usize,
    /// Reads that may wait for a connection; one more is told `overloaded`. 1 to 100000.
    pub pool_queue: usize,
    /// Connections that write to the log, 1 to 64; 0 for one for each two cores of this node, and 4 at most. See
    /// [`writers`](Self::writers).
    pub writers: usize,
    /// Writes that may wait for each of these connections; one more is told `overloaded`. 1 to 100000.
    pub writer_queue: usize,
    /// How long a statement may take, in milliseconds; 100 to 60000.
    pub statement_timeout_ms: u64,
    /// How long opening a connection may take, in milliseconds; 100 to 60000.
    pub connect_timeout_ms: u64,
}

/// Writers that a node has of its own accord.
const MOST_WRITERS: usize = 4;

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            url: None,
            replica_url: None,
            ca_file: None,
            pool_size: 16,
            pool_queue: 1_024,
            writers: 0,
            writer_queue: 4_096,
            statement_timeout_ms: 3_000,
            connect_timeout_ms: 3_000,
        }
    }
}

/// A URL has a password in it, so all that is told of one is whether it is there.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("url", &self.url.as_ref().map(|_| "…"))
            .field("replica_url", &self.replica_url.as_ref().map(|_| "…"))
            .field("ca_file", &self.ca_file)
            .field("pool_size", &self.pool_size)
            .field("pool_queue", &self.pool_queue)
            .field("writers", &self.writers)
            .field("writer_queue", &self.writer_queue)
            .field("statement_timeout_ms", &self.statement_timeout_ms)
            .field("connect_timeout_ms", &self.connect_timeout_ms)
            .finish()
    }
}

/// A setting that cannot be used; it names the variable and says what would do, and never a URL.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A variable could not be read at all.
    #[error("the POSTGRES_ settings cannot be read: {0}")]
    Unreadable(envy::Error),
    /// A number outside its bounds.
    #[error("{variable} is {value}; it must be {allowed}")]
    OutOfBounds {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: u64,
        /// What would do.
        allowed: &'static str,
    },
    /// A URL that is none.
    #[error(
        "{variable} is not the URL of a PostgreSQL database; it must look like \
         postgres://user:password@host:5432/database, with @ and % in the password written as %40 and %25"
    )]
    Url {
        /// The variable.
        variable: &'static str,
    },
    /// No URL where one is needed.
    #[error("POSTGRES_URL is not set")]
    NoUrl,
    /// A copy of nothing.
    #[error(
        "POSTGRES_REPLICA_URL is set and POSTGRES_URL is not: a replica is a copy of another database, name that one too"
    )]
    ReplicaAlone,
    /// Encryption without anybody to trust.
    #[error(
        "connections are to be encrypted (sslmode=require), and the authorities to trust cannot be read: {cause}. Set \
         POSTGRES_CA_FILE to a file with the certificate of your authority in PEM"
    )]
    Authorities {
        /// What went wrong.
        cause: io::Error,
    },
}

impl PostgresSettings {
    /// Reads the settings from variables, those of the process or a test's own, and judges them.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        // An empty variable is one that is not set, as in a template that was copied.
        let set = vars.into_iter().filter(|(_, value)| !value.is_empty());
        let settings: Self = envy::prefixed("POSTGRES_").from_iter(set).map_err(SettingsError::Unreadable)?;
        settings.validate()?;
        Ok(settings)
    }

    /// Judges each value against its bounds, and the URLs by whether they can be read.
    pub fn validate(&self) -> Result<(), SettingsError> {
        const QUEUE: (RangeInclusive<u64>, &str) = (1..=100_000, "1 to 100000");
        const TIMEOUT: (RangeInclusive<u64>, &str) = (100..=60_000, "100 to 60000 milliseconds");
        for (variable, value, (range, allowed)) in [
            ("POSTGRES_POOL_SIZE", self.pool_size as u64, (1..=256, "1 to 256")),
            ("POSTGRES_POOL_QUEUE", self.pool_queue as u64, QUEUE),
            ("POSTGRES_WRITERS", self.writers as u64, (0..=64, "0 to 64")),
            ("POSTGRES_WRITER_QUEUE", self.writer_queue as u64, QUEUE),
            ("POSTGRES_STATEMENT_TIMEOUT_MS", self.statement_timeout_ms, TIMEOUT),
            ("POSTGRES_CONNECT_TIMEOUT_MS", self.connect_timeout_ms, TIMEOUT),
        ] {
            if !range.contains(&value) {
                return Err(SettingsError::OutOfBounds { variable, value, allowed });
            }
        }
        match (&self.url, &self.replica_url) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(SettingsError::ReplicaAlone),
            (Some(_), _) => self.primary("natter").and_then(|_| self.replica("natter")).map(drop),
        }
    }

    /// How many connections write to the log. What waits for one of them is committed together, so more of them make each
    /// commit smaller: they pay off where there are cores for them.
    pub fn writers(&self) -> usize {
        match self.writers {
            0 => std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2).min(MOST_WRITERS),
            writers => writers,
        }
    }

    /// The server that takes changes. `application` is what it shows in its list of connections.
    pub fn primary(&self, application: &str) -> Result<Server, SettingsError> {
        let url = self.url.as_deref().ok_or(SettingsError::NoUrl)?;
        Server::new(self, ("POSTGRES_URL", url), application, true)
    }

    /// The copy that may be behind, where there is one.
    pub fn replica(&self, application: &str) -> Result<Option<Server>, SettingsError> {
        let server = |url| Server::new(self, ("POSTGRES_REPLICA_URL", url), application, false);
        self.replica_url.as_deref().map(server).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<PostgresSettings, SettingsError> {
        PostgresSettings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn without_variables_there_are_defaults_and_a_variable_wins() {
        assert_eq!(read(&[("HTTP_ADDR", "x"), ("POSTGRES_URL", "")]).unwrap(), PostgresSettings::default());
        let settings = read(&[("POSTGRES_URL", "postgres://u@h/d"), ("POSTGRES_WRITERS", "2")]).unwrap();
        assert_eq!((settings.url.as_deref(), settings.writers), (Some("postgres://u@h/d"), 2));
    }

    #[test]
    fn a_node_has_a_few_writers_of_its_own_accord() {
        let own = PostgresSettings::default().writers();
        assert!((1..=MOST_WRITERS).contains(&own), "{own}");
        assert_eq!(PostgresSettings { writers: 7, ..PostgresSettings::default() }.writers(), 7);
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_variable_without_a_password() {
        for (variable, value) in [
            ("POSTGRES_POOL_SIZE", "0"),
            ("POSTGRES_POOL_QUEUE", "0"),
            ("POSTGRES_WRITERS", "65"),
            ("POSTGRES_STATEMENT_TIMEOUT_MS", "99"),
            ("POSTGRES_CONNECT_TIMEOUT_MS", "60001"),
            ("POSTGRES_URL", "mysql://u:secret@h/d"),
            ("POSTGRES_URL", "postgres://u:se@cret@h/d?what"),
            ("POSTGRES_URL", "postgres://"),
            ("POSTGRES_URL", "postgres://u:secret@h:port/d"),
            ("POSTGRES_REPLICA_URL", "postgres://u:secret@h/d"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable) && !error.contains("cret"), "{error}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = Some("postgres://u:secret@h/d".to_owned());
        let settings = PostgresSettings { replica_url: url.clone(), url, ..PostgresSettings::default() };
        let shown = format!("{settings:?} {:?} {:?}", settings.primary("test"), settings.replica("test"));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn encryption_without_anybody_to_trust_is_refused() {
        let error = read(&[
            ("POSTGRES_URL", "postgres://u:secret@h/d?sslmode=require"),
            ("POSTGRES_CA_FILE", "/nowhere/authority.pem"),
        ]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("POSTGRES_CA_FILE") && !error.contains("secret"), "{error}");
    }
}
