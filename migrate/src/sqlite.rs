//! Migrations of the embedded store.

use rusqlite::{Connection, OptionalExtension};

use crate::{Error, Service};

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
        (Service::Chat, 1) => Some(include_str!("../undo/sqlite/chat/U1__rooms_and_logs.sql")),
        _ => None,
    }
}

/// Applies what is missing and tells how many migrations that were.
///
/// # Errors
/// [`Error::Newer`] when the store knows migrations that we do not; nothing is changed then.
pub fn up(connection: &mut Connection, service: Service) -> Result<usize, Error> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| Error::Failed { service: service.name(), cause };
    let runner = match service {
        Service::Auth => auth::migrations::runner(),
        Service::Chat => chat::migrations::runner(),
    };
    let known = runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0);
    let found = version(connection).map_err(|error| failed(error.into()))?;
    if found > known {
        return Err(Error::Newer { service: service.name(), found, known });
    }
    let report =
        runner.set_grouped(true).set_abort_divergent(true).run(connection).map_err(|error| failed(error.into()))?;
    let applied = report.applied_migrations().len();
    if applied > 0 {
        tracing::info!(service = service.name(), from = found, to = known, "migrated the store");
    }
    Ok(applied)
}

/// Undoes migrations, newest first, until the schema is at `target`; all of them or none.
///
/// # Errors
/// When a migration has no undo statements or one of them fails.
pub fn down(connection: &mut Connection, service: Service, target: i64) -> Result<(), Error> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| Error::Failed { service: service.name(), cause };
    let current = version(connection).map_err(|error| failed(error.into()))?;
    if target >= current || target < 0 {
        return Err(failed(crate::NotBelow { current, wanted: target }.into()));
    }
    let transaction = connection.transaction().map_err(|error| failed(error.into()))?;
    for version in (target + 1..=current).rev() {
        let undo = undo_of(service, version)
            .ok_or_else(|| failed(format!("migration {version} has no undo statements").into()))?;
        transaction
            .execute_batch(undo)
            .and_then(|()| {
                transaction.execute("DELETE FROM refinery_schema_history WHERE version = ?1", [version]).map(drop)
            })
            .map_err(|error| failed(error.into()))?;
    }
    transaction.commit().map_err(|error| failed(error.into()))
}

/// The version that the schema is at; 0 for an empty store.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let has_history = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'", [], |_| Ok(()))
        .optional()?
        .is_some();
    if !has_history {
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
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'refinery%' ORDER BY name")
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
        for target in [1, 2, -1] {
            assert!(down(&mut connection, Service::Chat, target).is_err());
        }
    }
}
