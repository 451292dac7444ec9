//! PostgreSQL, with both services' schemas in one database.

use async_trait::async_trait;
use database::postgres::{Connection, PostgresSettings, QueryError};
use migrate::loss::Loss;
use migrate::seed::demo::Person;
use migrate::seed::{self, Fate, Welcome};
use migrate::{Service, Standing, postgres};
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::store::{Failure, Store};

/// What the server shows in its list of connections.
const APPLICATION: &str = "natter-migrate";

/// One connection.
pub(super) struct Postgres {
    connection: Connection,
    place: String,
}

impl Postgres {
    /// Connects to where `POSTGRES_URL` says.
    pub(super) async fn connect(settings: &PostgresSettings) -> Result<Self, Failure> {
        let server = settings.primary(APPLICATION)?;
        let place = words(settings.url.as_deref().unwrap_or_default());
        let unreachable = |cause: &dyn std::fmt::Display| {
            format!("{place} cannot be reached: {cause}. See that it runs and that POSTGRES_URL is right")
        };
        let connected = timeout(server.connect_timeout(), server.connect()).await;
        let connected = connected.map_err(|_| unreachable(&"it does not answer in time"))?;
        let connection = connected.map_err(|error| unreachable(&QueryError::from(error)))?;
        Ok(Self { connection, place })
    }
}

/// Which database of which server, without user and password.
fn words(url: &str) -> String {
    let Ok(config) = url.parse::<Config>() else { return "PostgreSQL".to_owned() };
    let host = |(place, host): (usize, &Host)| {
        let ports = config.get_ports();
        let port = ports.get(place).or(ports.first()).copied().unwrap_or(5_432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        }
    };
    let hosts: Vec<_> = config.get_hosts().iter().enumerate().map(host).collect();
    match config.get_dbname() {
        Some(database) => format!("PostgreSQL, database {database} at {}", hosts.join(", ")),
        None => format!("PostgreSQL at {}", hosts.join(", ")),
    }
}

#[async_trait(?Send)]
impl Store for Postgres {
    fn place(&self) -> &str {
        &self.place
    }

    async fn standing(&mut self, service: Service) -> Result<Standing, Failure> {
        let found = postgres::standing(&self.connection, service).await;
        found.map_err(|error| format!("{} cannot be read: {}", self.place, QueryError::from(error)).into())
    }

    async fn up(&mut self, service: Service, version: i64) -> Result<usize, Failure> {
        Ok(postgres::up(&mut self.connection, service, Some(version)).await?)
    }

    async fn losses(&mut self, service: Service, version: i64) -> Result<Vec<Loss>, Failure> {
        Ok(postgres::losses(&self.connection, service, version).await?)
    }

    async fn down(&mut self, service: Service, version: i64) -> Result<(), Failure> {
        Ok(postgres::down(&mut self.connection, service, version).await?)
    }

    async fn down_without_loss(&mut self, service: Service, version: i64) -> Result<(), Failure> {
        Ok(postgres::down_without_loss(&mut self.connection, service, version).await?)
    }

    async fn seed_accounts(&mut self, now: i64) -> Result<Vec<(&'static Person, Fate)>, Failure> {
        Ok(seed::postgres::accounts(&mut self.connection, now).await?)
    }

    async fn seed_rooms(
        &mut self,
        present: &[&'static Person],
        welcome: Welcome<'_>,
    ) -> Result<Vec<(&'static str, Fate)>, Failure> {
        Ok(seed::postgres::rooms(&mut self.connection, present, welcome).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_without_its_password() {
        let place = words("postgres://natter:secret@db1:5433,db2:5434/chat?sslmode=disable");
        assert_eq!(place, "PostgreSQL, database chat at db1:5433, db2:5434");
        assert_eq!(words("postgres://natter:secret@db"), "PostgreSQL at db:5432");
    }
}
