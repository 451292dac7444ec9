//! The factories: a fresh, migrated store for each case.

use std::any::Any;
use std::sync::Arc;

use auth_repository::memory::{MemoryLiveSessions, MemorySignInThrottle};
use auth_repository::sqlite::{SqliteOutbox, SqliteSessions, SqliteUsers};
use auth_usecase::ports::{LiveSessions, Outbox, Sessions, SignInThrottle, Users};
use database::sqlite::{Readers, Writer, WriterSettings, open_writer};
use testkit::Turned;

use crate::samples::at;

/// The stores of one database; they share it, as a session and a message belong to an account.
pub(crate) struct Stores {
    pub(crate) users: Arc<dyn Users>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) outbox: Arc<dyn Outbox>,
    /// Whatever must live as long as the stores do.
    pub(crate) _keep: Box<dyn Any + Send>,
}

pub(crate) async fn sqlite() -> Stores {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("auth.db");
    let mut connection = open_writer(&path).unwrap();
    migrate::sqlite::up(&mut connection, migrate::Service::Auth).unwrap();
    let writer = Writer::start("auth", connection, WriterSettings::default(), Box::new(|_| {})).unwrap();
    let readers = Readers::start("auth", &path, 2).unwrap();
    Stores {
        users: Arc::new(SqliteUsers::new(writer.clone(), readers.clone())),
        sessions: Arc::new(SqliteSessions::new(writer.clone(), readers.clone())),
        outbox: Arc::new(SqliteOutbox::new(writer, readers)),
        _keep: Box::new(dir),
    }
}

pub(crate) async fn memory_live_sessions() -> Turned<dyn LiveSessions> {
    Turned::by_given_times(Arc::new(MemoryLiveSessions::default()), at(0))
}

/// A throttle that lets five attempts pass.
pub(crate) async fn memory_throttle() -> Turned<dyn SignInThrottle> {
    Turned::by_given_times(Arc::new(MemorySignInThrottle::new(5)), at(0))
}
