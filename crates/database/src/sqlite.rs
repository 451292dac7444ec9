//! SQLite as Natter uses it: write-ahead log, durable at every commit, one writer thread, a few reader threads.

mod checkpoints;
mod full_log;
mod readers;
mod writer;

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OpenFlags};

pub use full_log::lengthen_log;
pub use readers::Readers;
pub use writer::{Sink, Tx, Writer, WriterSettings};

/// How long a connection waits for another process's lock, such as a backup's, before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What the writer keeps of the database in memory, in KiB. With SQLite's 2 MiB, a batch that touches a few hundred rooms did
/// not fit: pages were written in the middle of it and read again. It is taken only as it fills.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
const STATEMENT_CACHE: usize = 128;

/// Opens the one connection that writes, and makes the database where it is missing.
pub fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    keep_statements(&connection)?;
    keep_log(&connection)?;
    Ok(connection)
}

/// Opens a connection that can only read. The database must be there.
pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", "ON")?;
    keep_statements(&connection)?;
    keep_log(&connection)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("begins_with", 2, flags, begins_with)?;
    Ok(connection)
}

/// Keeps prepared statements, and keeps them as they are. SQLite would like to look at each value that is bound, and to
/// plan again for it: that parsed a statement again each time that it was used, which took a third of an append.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Leaves the log in its place when the last connection is closed. SQLite would copy it and take it away, as it likes to when a
/// server stops in an orderly manner and starts again; then it would have to become long again, see [`lengthen_log`].
fn keep_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// `begins_with(text, prefix)`: without regard to case in any script, which SQLite's own `LIKE` has for ASCII only, and
/// with no character that means something else. A missing text begins with nothing.
fn begins_with(arguments: &Context<'_>) -> rusqlite::Result<bool> {
    let text: Option<String> = arguments.get(0)?;
    let prefix: String = arguments.get(1)?;
    Ok(text.is_some_and(|text| text.to_lowercase().starts_with(&prefix.to_lowercase())))
}

/// The columns (`table.column, …`) or the index (`index 'name'`) of a unique constraint that a statement violated, or
/// `None` for any other error.
pub fn violated_unique(error: &rusqlite::Error) -> Option<&str> {
    match error {
        rusqlite::Error::SqliteFailure(failure, Some(message))
            if failure.code == rusqlite::ErrorCode::ConstraintViolation =>
        {
            message.strip_prefix("UNIQUE constraint failed: ")
        }
        _ => None,
    }
}
