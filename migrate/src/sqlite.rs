//! Migrations of the embedded store.

use std::ffi::c_int;
use std::time::{Duration, Instant};

use refinery::{Runner, Target};
use rusqlite::{Connection, OptionalExtension};

use crate::loss::{self, Dropped, Loss};
use crate::standing::{Applied, Migration, Standing};
use crate::{Error, NoSuchVersion, NotBelow, Service};

/// How often a long migration says that it is at work, and how many of SQLite's steps lie between two looks at the clock: some
/// milliseconds.
const TELL_EVERY: Duration = Duration::from_secs(5);
const STEPS: c_int = 100_000;

mod auth {
    refinery::embed_migrations!("sql/sqlite/auth");
}

mod chat {
    refinery::embed_migrations!("sql/sqlite/chat");
}

/// The statements that undo each migration, by version.
fn undo_of(service: Service, version: i64) -> Option<&'static str> {
    match (service, version) {
        (Service::Auth, 1) => Some(include_str!("../undo/sqlite/auth/U1__accounts_and_sessions.sql")),
        (Service::Auth, 2) => Some(include_str!("../undo/sqlite/auth/U2__outbox_and_profile_versions.sql")),
        (Service::Chat, 1) => Some(include_str!("../undo/sqlite/chat/U1__rooms_and_logs.sql")),
        (Service::Chat, 2) => Some(include_str!("../undo/sqlite/chat/U2__membership_and_profile_versions.sql")),
        (Service::Chat, 3) => Some(include_str!("../undo/sqlite/chat/U3__short_appends.sql")),
        (Service::Chat, 4) => Some(include_str!("../undo/sqlite/chat/U4__cheaper_appends.sql")),
        (Service::Chat, 5) => Some(include_str!("../undo/sqlite/chat/U5__rooms_lie_together.sql")),
        _ => None,
    }
}

fn runner(service: Service) -> Runner {
    let runner = match service {
        Service::Auth => auth::migrations::runner(),
        Service::Chat => chat::migrations::runner(),
    };
    runner.set_grouped(true).set_abort_divergent(true)
}

/// The newest version that this program knows.
pub fn known_version(service: Service) -> i64 {
    runner(service).get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// Applies what is missing and tells how many migrations that were.
///
/// # Errors
/// [`Error::Newer`] when the store knows migrations that we do not; nothing is changed then.
pub fn up(connection: &mut Connection, service: Service) -> Result<usize, Error> {
    up_to(connection, service, known_version(service))
}

/// The same, and no further than to version `target`.
///
/// # Errors
/// As for [`up`], and when there is no such version.
pub fn up_to(connection: &mut Connection, service: Service, target: i64) -> Result<usize, Error> {
    let known = known_version(service);
    let found = version(connection).map_err(|error| failed(service, error))?;
    if found > known {
        return Err(Error::Newer { service: service.name(), found, known });
    }
    let version = i32::try_from(target).ok().filter(|_| (1..=known).contains(&target));
    let version = version.ok_or_else(|| failed(service, NoSuchVersion { wanted: target, known }))?;
    let runner = runner(service).set_target(Target::Version(version));
    if (1..target).contains(&found) {
        tracing::info!(
            service = service.name(),
            from = found,
            to = target,
            "migrating the store, a large one takes minutes"
        );
    }
    tell_of_progress(connection, Some(service)).map_err(|error| failed(service, error))?;
    let report = runner.run(connection);
    tell_of_progress(connection, None).map_err(|error| failed(service, error))?;
    let report = report.map_err(|error| failed(service, error))?;
    let applied = report.applied_migrations();
    if let Some(newest) = applied.last() {
        tracing::info!(service = service.name(), from = found, to = newest.version(), "migrated the store");
    }
    Ok(applied.len())
}

/// Says now and then that a migration of a service is still at work, or no more.
fn tell_of_progress(connection: &mut Connection, of: Option<Service>) -> rusqlite::Result<()> {
    let begun = Instant::now();
    let mut told = begun;
    let handler = of.map(|service| {
        move || {
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                tracing::info!(
                    service = service.name(),
                    seconds = begun.elapsed().as_secs(),
                    "still migrating the store"
                );
            }
            // Go on.
            false
        }
    });
    connection.progress_handler(STEPS, handler)
}

/// Undoes migrations, newest first, until the schema is at `target`; all of them or none. What was in them is lost.
///
/// # Errors
/// When a migration has no undo statements or one of them fails.
pub fn down(connection: &mut Connection, service: Service, target: i64) -> Result<(), Error> {
    undo(connection, service, target, true)
}

/// The same, if nothing is lost by it.
///
/// # Errors
/// [`Error::WouldLose`], and as for [`down`].
pub fn down_without_loss(connection: &mut Connection, service: Service, target: i64) -> Result<(), Error> {
    undo(connection, service, target, false)
}

fn undo(connection: &mut Connection, service: Service, target: i64, may_lose: bool) -> Result<(), Error> {
    let undos = undos(connection, service, target)?;
    // Immediate: nobody writes between the count and the end.
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(|error| failed(service, error))?;
    if !may_lose {
        let losses = count(&transaction, service, &undos)?;
        if !losses.is_empty() {
            return Err(Error::WouldLose { losses });
        }
    }
    for (version, undo) in undos {
        let forget = format!("{undo};\nDELETE FROM refinery_schema_history WHERE version = {version}");
        transaction.execute_batch(&forget).map_err(|error| failed(service, error))?;
    }
    transaction.commit().map_err(|error| failed(service, error))
}

/// What going down to `target` would lose: the tables and columns that have something in them.
///
/// # Errors
/// As for [`down`].
pub fn losses(connection: &Connection, service: Service, target: i64) -> Result<Vec<Loss>, Error> {
    count(connection, service, &undos(connection, service, target)?)
}

fn count(connection: &Connection, service: Service, undos: &[(i64, &str)]) -> Result<Vec<Loss>, Error> {
    let texts: Vec<_> = undos.iter().map(|(_, undo)| *undo).collect();
    let missed = loss::dropped(&texts).into_iter().filter(|one| !one.is_remade);
    let rows = |one: Dropped<'_>| {
        let rows =
            connection.query_row(&one.count(""), [], |row| row.get(0)).map_err(|error| failed(service, error))?;
        Ok(one.with(service.name(), rows))
    };
    let counted: Result<Vec<_>, Error> = missed.map(rows).collect();
    counted.map(|losses| losses.into_iter().filter(|loss| loss.rows > 0).collect())
}

/// The versions above `target` with what undoes them, newest first.
fn undos(connection: &Connection, service: Service, target: i64) -> Result<Vec<(i64, &'static str)>, Error> {
    let current = version(connection).map_err(|error| failed(service, error))?;
    if target >= current || target < 0 {
        return Err(failed(service, NotBelow { current, wanted: target }));
    }
    let undo = |version| {
        undo_of(service, version)
            .map(|undo| (version, undo))
            .ok_or_else(|| failed(service, format!("migration {version} has no undo statements")))
    };
    (target + 1..=current).rev().map(undo).collect()
}

/// The store's history beside what this program knows.
pub fn standing(connection: &Connection, service: Service) -> rusqlite::Result<Standing> {
    let known = runner(service);
    if !has_history(connection)? {
        return Ok(Standing::of(known.get_migrations(), &[]));
    }
    let mut history = connection.prepare("SELECT version, name, checksum FROM refinery_schema_history")?;
    let rows = history.query_map([], |row| {
        let migration = Migration { version: row.get(0)?, name: row.get(1)? };
        Ok(Applied { migration, checksum: row.get(2)? })
    })?;
    Ok(Standing::of(known.get_migrations(), &rows.collect::<rusqlite::Result<Vec<_>>>()?))
}

/// What the migrations of a store that is not there are.
pub fn standing_of_nothing(service: Service) -> Standing {
    Standing::of(runner(service).get_migrations(), &[])
}

fn has_history(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    Ok(connection.query_row(sql, [], |_| Ok(())).optional()?.is_some())
}

fn failed(service: Service, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Failed { service: service.name(), cause: cause.into() }
}

/// The version that the schema is at; 0 for an empty store.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    if !has_history(connection)? {
        return Ok(0);
    }
    connection.query_row("SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICES: [Service; 2] = [Service::Auth, Service::Chat];

    fn schema(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'refinery%' \
                 AND name NOT LIKE 'sqlite_%' ORDER BY name",
            )
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn up_then_down_to_nothing_then_up_gives_the_same_schema() {
        for service in SERVICES {
            let mut connection = Connection::open_in_memory().unwrap();
            assert!(up(&mut connection, service).unwrap() > 0);
            let first = schema(&connection);
            assert!(!first.is_empty());
            down(&mut connection, service, 0).unwrap();
            assert_eq!(schema(&connection), [""; 0], "{service:?} left something behind");
            up(&mut connection, service).unwrap();
            assert_eq!(schema(&connection), first);
            assert_eq!(up(&mut connection, service).unwrap(), 0, "a second run has nothing to do");
        }
    }

    #[test]
    fn a_store_of_a_newer_version_is_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        up(&mut connection, Service::Chat).unwrap();
        let newer =
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (999, 'x', '', '1')";
        connection.execute(newer, []).unwrap();
        let error = up(&mut connection, Service::Chat).unwrap_err();
        assert!(matches!(error, Error::Newer { found: 999, .. }), "{error}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }

    #[test]
    fn going_down_to_where_one_is_or_above_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        up(&mut connection, Service::Chat).unwrap();
        let newest = version(&connection).unwrap();
        for target in [newest, newest + 1, -1] {
            assert!(down(&mut connection, Service::Chat, target).is_err());
        }
    }
}
