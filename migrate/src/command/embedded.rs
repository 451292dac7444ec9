//! The embedded store: two databases in a directory that one process holds.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use database::DataDir;
use database::sqlite::{open_reader, open_writer};
use migrate::loss::Loss;
use migrate::seed::demo::Person;
use migrate::seed::{self, Fate, Welcome};
use migrate::{Service, Standing, sqlite};
use rusqlite::Connection;

use super::store::{Failure, Purpose, Store};

/// The files of a directory.
pub(super) struct Embedded {
    path: PathBuf,
    place: String,
    /// Held until the end by who changes something.
    _held: Option<DataDir>,
}

impl Embedded {
    /// Takes the directory, or looks at it beside whoever holds it.
    pub(super) fn take(path: &Path, purpose: Purpose) -> Result<Self, Failure> {
        let place = format!("the embedded store in {}", path.display());
        let held = match purpose {
            Purpose::Look => return Ok(Self { path: path.to_owned(), place, _held: None }),
            Purpose::Change if !path.exists() => {
                let path = path.display();
                let what_to_do = "Name the right one with DATA_DIR, or make it with `migrate up`";
                return Err(format!("there is no data directory {path}. {what_to_do}").into());
            }
            Purpose::Make | Purpose::Change => DataDir::hold(path)?,
        };
        Ok(Self { path: held.path().to_owned(), place, _held: Some(held) })
    }

    fn database(&self, service: Service) -> PathBuf {
        self.path.join(match service {
            Service::Auth => "auth.db",
            Service::Chat => "chat.db",
        })
    }

    fn writer(&self, service: Service) -> Result<Connection, Failure> {
        let path = self.database(service);
        open_writer(&path).map_err(|error| format!("{} cannot be opened: {error}", path.display()).into())
    }
}

#[async_trait(?Send)]
impl Store for Embedded {
    fn place(&self) -> &str {
        &self.place
    }

    async fn standing(&mut self, service: Service) -> Result<Standing, Failure> {
        let path = self.database(service);
        if !path.exists() {
            return Ok(sqlite::standing_of_nothing(service));
        }
        let found = open_reader(&path).and_then(|connection| sqlite::standing(&connection, service));
        found.map_err(|error| format!("{} cannot be read: {error}", path.display()).into())
    }

    async fn up(&mut self, service: Service, version: i64) -> Result<usize, Failure> {
        Ok(sqlite::up_to(&mut self.writer(service)?, service, version)?)
    }

    async fn losses(&mut self, service: Service, version: i64) -> Result<Vec<Loss>, Failure> {
        Ok(sqlite::losses(&self.writer(service)?, service, version)?)
    }

    async fn down(&mut self, service: Service, version: i64) -> Result<(), Failure> {
        Ok(sqlite::down(&mut self.writer(service)?, service, version)?)
    }

    async fn down_without_loss(&mut self, service: Service, version: i64) -> Result<(), Failure> {
        Ok(sqlite::down_without_loss(&mut self.writer(service)?, service, version)?)
    }

    async fn seed_accounts(&mut self, now: i64) -> Result<Vec<(&'static Person, Fate)>, Failure> {
        Ok(seed::sqlite::accounts(&mut self.writer(Service::Auth)?, now)?)
    }

    async fn seed_rooms(
        &mut self,
        present: &[&'static Person],
        welcome: Welcome<'_>,
    ) -> Result<Vec<(&'static str, Fate)>, Failure> {
        Ok(seed::sqlite::rooms(&mut self.writer(Service::Chat)?, present, welcome)?)
    }
}
