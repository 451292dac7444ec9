//! Migrations of PostgreSQL, safe when many nodes start at once: one migrates, the others wait and find it done.

mod down;

use std::time::Duration;

use refinery::{Runner, Target};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error as PostgresError};

use crate::standing::{Applied, Migration, Standing};
use crate::{Error, NoSuchVersion, Service};
pub use down::{down, down_without_loss, losses};

mod auth {
    refinery::embed_migrations!("sql/postgres/auth");
}

mod chat {
    refinery::embed_migrations!("sql/postgres/chat");
}

/// How long to wait for somebody else who migrates.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first half of the advisory locks' numbers, so that they meet no other program's: `natt` in ASCII.
pub(crate) const LOCKS: i32 = 0x6e61_7474;

/// The second half of a service's lock.
pub(crate) const fn lock_of(service: Service) -> i32 {
    match service {
        Service::Auth => 1,
        Service::Chat => 2,
    }
}

/// The statements that undo each migration, by version.
fn undo_of(service: Service, version: i64) -> Option<&'static str> {
    match (service, version) {
        (Service::Auth, 1) => Some(include_str!("../undo/postgres/auth/U1__accounts_and_sessions.sql")),
        (Service::Auth, 2) => Some(include_str!("../undo/postgres/auth/U2__outbox_and_profile_versions.sql")),
        (Service::Chat, 1) => Some(include_str!("../undo/postgres/chat/U1__rooms_and_logs.sql")),
        (Service::Chat, 2) => Some(include_str!("../undo/postgres/chat/U2__membership_and_profile_versions.sql")),
        (Service::Chat, 3) => Some(include_str!("../undo/postgres/chat/U3__short_appends.sql")),
        (Service::Chat, 4) => Some(include_str!("../undo/postgres/chat/U4__cheaper_appends.sql")),
        (Service::Chat, 5) => Some(include_str!("../undo/postgres/chat/U5__rooms_lie_together.sql")),
        _ => None,
    }
}

/// The table that says which migrations were applied. It is in the service's own schema.
const fn history(service: Service) -> &'static str {
    match service {
        Service::Auth => "auth.refinery_schema_history",
        Service::Chat => "chat.refinery_schema_history",
    }
}

fn runner(service: Service) -> Runner {
    let mut runner = match service {
        Service::Auth => auth::migrations::runner(),
        Service::Chat => chat::migrations::runner(),
    };
    runner.set_migration_table_name(history(service));
    runner.set_grouped(true).set_abort_divergent(true)
}

/// The newest version that this program knows.
pub fn known_version(service: Service) -> i64 {
    runner(service).get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// The version that the schema is at; 0 for an empty database.
pub async fn version(client: &Client, service: Service) -> Result<i64, PostgresError> {
    let table = history(service);
    let found = client.query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&table]).await?;
    if !found.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let newest = format!("SELECT coalesce(max(version), 0)::bigint FROM {table}");
    client.query_one(&newest, &[]).await?.try_get(0)
}

/// Applies what is missing up to `target`, or to the newest version, in one transaction, and tells how many migrations
/// that were. While it runs, the session waits as long as it must: bounds that it had are set aside.
///
/// # Errors
/// [`Error::Newer`] when the store knows migrations that we do not, [`Error::Busy`] when somebody else has been migrating
/// for a minute; nothing is changed then, or when anything else fails.
pub async fn up(client: &mut Client, service: Service, target: Option<i64>) -> Result<usize, Error> {
    lock(client, service).await?;
    let applied = up_locked(client, service, target).await;
    unlock(client, service).await;
    applied
}

async fn up_locked(client: &mut Client, service: Service, target: Option<i64>) -> Result<usize, Error> {
    let known = known_version(service);
    let found = version(client, service).await.map_err(|error| failed(service, error))?;
    if found > known {
        return Err(Error::Newer { service: service.name(), found, known });
    }
    let target = match target {
        None => Target::Latest,
        Some(wanted) => match i32::try_from(wanted).ok().filter(|_| (1..=known).contains(&wanted)) {
            Some(wanted) => Target::Version(wanted),
            None => return Err(failed(service, NoSuchVersion { wanted, known })),
        },
    };
    make_schema(client, service).await.map_err(|error| failed(service, error))?;
    let report = runner(service).set_target(target).run_async(client).await.map_err(|error| failed(service, error))?;
    let applied = report.applied_migrations();
    if let Some(newest) = applied.last() {
        tracing::info!(service = service.name(), from = found, to = newest.version(), "migrated the store");
    }
    Ok(applied.len())
}

/// The store's history beside what this program knows.
pub async fn standing(client: &Client, service: Service) -> Result<Standing, PostgresError> {
    let known = runner(service);
    if version(client, service).await? == 0 {
        return Ok(Standing::of(known.get_migrations(), &[]));
    }
    let sql = format!("SELECT version::bigint, name, checksum FROM {}", history(service));
    let mut rows = Vec::new();
    for row in client.query(&sql, &[]).await? {
        let migration = Migration { version: row.try_get(0)?, name: row.try_get(1)? };
        rows.push(Applied { migration, checksum: row.try_get(2)? });
    }
    Ok(Standing::of(known.get_migrations(), &rows))
}

/// The schema holds the history, so it is there before the first migration. Who may not make schemas gets one made.
async fn make_schema(client: &Client, service: Service) -> Result<(), PostgresError> {
    let name = service.name();
    let found = client.query_one("SELECT to_regnamespace($1::text) IS NOT NULL", &[&name]).await?;
    if found.try_get(0)? { Ok(()) } else { client.batch_execute(&format!("CREATE SCHEMA {name}")).await }
}

/// Takes the service's lock for this session, which gives it back when it ends in whatever way.
async fn lock(client: &Client, service: Service) -> Result<(), Error> {
    let bounds = format!("SET statement_timeout = 0; SET lock_timeout = {}", PATIENCE.as_millis());
    client.batch_execute(&bounds).await.map_err(|error| failed(service, error))?;
    match client.execute("SELECT pg_advisory_lock($1, $2)", &[&LOCKS, &lock_of(service)]).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            let holder = holder(client, service).await.unwrap_or_else(|_| "somebody else".to_owned());
            Err(Error::Busy { service: service.name(), holder, seconds: PATIENCE.as_secs() })
        }
        Err(error) => Err(failed(service, error)),
    }
}

async fn unlock(client: &Client, service: Service) {
    let unlocked = client.execute("SELECT pg_advisory_unlock($1, $2)", &[&LOCKS, &lock_of(service)]).await;
    let reset = client.batch_execute("RESET statement_timeout; RESET lock_timeout").await;
    // Should it fail, the session is broken, and with its end the lock is free.
    if let Err(error) = unlocked.map(drop).and(reset) {
        tracing::warn!(service = service.name(), cause = text(&error), "the migrations' lock could not be given back");
    }
}

/// Who holds the lock, for a message.
async fn holder(client: &Client, service: Service) -> Result<String, PostgresError> {
    let sql = "SELECT format('%s at %s (process id %s of the server)', a.application_name, coalesce(host(a.client_addr), \
                      'a local socket'), a.pid) \
               FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
               WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 AND l.objid::bigint = $2 \
                     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let lock = [i64::from(LOCKS), i64::from(lock_of(service))];
    client.query_one(sql, &[&lock[0], &lock[1]]).await?.try_get(0)
}

pub(crate) fn failed(service: Service, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let cause = cause.into();
    // What the driver shows of an error by itself is "db error".
    let cause = match cause.downcast::<PostgresError>() {
        Ok(error) => text(&error).into(),
        Err(other) => other,
    };
    Error::Failed { service: service.name(), cause }
}

fn text(error: &PostgresError) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests;
