//! The write-ahead log at its full length, before anybody waits for it.
//!
//! A commit that makes a file longer waits for the file system's journal as well as for the data. Within the first
//! [`PAGES`] of a new log every commit is such a one; later they write over what is there. On ext4 with both cores busy, one
//! commit in a hundred took 3.5 ms in a log that grew, and 1.8 in one that did not.

use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::WRITER_CACHE_KIB;
use super::checkpoints::PAGES;

/// What is written before the clock is looked at, in bytes.
const PIECE: u32 = 4 << 20;
/// The cache while it is written, in KiB: what has no place in it goes to the log.
const SMALL_CACHE_KIB: i64 = 1_024;

/// Makes the log of an opened database as long as it becomes anyhow, some 80 MiB, and gives its length in bytes. Where that takes
/// longer than `within`, the log stays shorter and grows as it is used. It does nothing to a log that is long enough.
///
/// A log keeps its length over a restart, so this is done once for a database, unless it took too long.
///
/// # Errors
/// When the disk has no room for it, or fails; then the log has given back what it took.
pub fn lengthen_log(connection: &Connection, within: Duration) -> Result<u64, Box<dyn Error + Send + Sync>> {
    // A database that is not in a file has no log.
    let Some(path) = connection.path().filter(|path| !path.is_empty()) else { return Ok(0) };
    let log = Log { path: PathBuf::from(format!("{path}-wal")) };
    let page_bytes: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let full = u64::from(PAGES) * u64::from(page_bytes);
    if log.length()? < full {
        let filled = fill(connection, &log, full, within);
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        if let Err(error) = filled {
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK")?;
            }
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            return Err(error);
        }
    }
    log.length().map_err(Into::into)
}

/// Writes a table into the log that never comes to be. SQLite itself writes it, so nothing is assumed of the log's format:
/// pages that do not fit the cache go there before the transaction ends, and what a transaction has left there that was
/// undone is written over by the next one.
fn fill(connection: &Connection, log: &Log, full: u64, within: Duration) -> Result<(), Box<dyn Error + Send + Sync>> {
    let begun = Instant::now();
    connection.pragma_update(None, "cache_size", -SMALL_CACHE_KIB)?;
    // What is in it now goes to the database, so that it is written from its beginning; nobody is waited for.
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    connection.execute_batch("BEGIN IMMEDIATE; CREATE TABLE never_committed (filling BLOB)")?;
    while log.length()? < full {
        connection.execute("INSERT INTO never_committed VALUES (zeroblob(?1))", [PIECE])?;
        // Here and not in somebody's first commit.
        File::open(&log.path)?.sync_data()?;
        if begun.elapsed() >= within {
            break;
        }
    }
    connection.execute_batch("ROLLBACK")?;
    Ok(())
}

/// The log's file.
struct Log {
    path: PathBuf,
}

impl Log {
    /// Its length in bytes; none where it is not there yet.
    fn length(&self) -> std::io::Result<u64> {
        match std::fs::metadata(&self.path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use super::super::open_writer;

    const LONG: Duration = Duration::from_secs(60);
    const FULL: u64 = PAGES as u64 * 4_096;
    const ONE_PIECE: u64 = PIECE as u64;

    fn database(directory: &Path) -> Connection {
        let connection = open_writer(&directory.join("numbers.db")).unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER); INSERT INTO numbers VALUES (1)").unwrap();
        connection
    }

    fn number(connection: &Connection, sql: &str) -> i64 {
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn log_length(directory: &Path) -> u64 {
        std::fs::metadata(directory.join("numbers.db-wal")).unwrap().len()
    }

    #[test]
    fn a_log_gets_its_full_length_and_nothing_else_changes() {
        let home = tempfile::tempdir().unwrap();
        let connection = database(home.path());
        let pages = number(&connection, "PRAGMA page_count");
        let length = lengthen_log(&connection, LONG).unwrap();
        assert!((FULL..FULL + 2 * ONE_PIECE).contains(&length), "{length}");
        assert_eq!(number(&connection, "PRAGMA page_count"), pages);
        assert_eq!(number(&connection, "SELECT count(*) FROM sqlite_schema"), 1);
        assert_eq!(number(&connection, "PRAGMA cache_size"), -WRITER_CACHE_KIB);
        for number in 2..100 {
            connection.execute("INSERT INTO numbers VALUES (?1)", [number]).unwrap();
        }
        assert_eq!(log_length(home.path()), length, "commits write over it");
        assert_eq!(lengthen_log(&connection, LONG).unwrap(), length);
        assert_eq!(number(&connection, "SELECT sum(number) FROM numbers"), 99 * 100 / 2, "nothing was taken back");
    }

    #[test]
    fn after_a_crash_the_log_ends_where_the_last_commit_does() {
        let (home, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let connection = database(home.path());
        for commits in [0, 3] {
            lengthen_log(&connection, LONG).unwrap();
            for _ in 0..commits {
                connection.execute("INSERT INTO numbers VALUES (1)", []).unwrap();
            }
            // What a process leaves that is killed.
            for file in ["numbers.db", "numbers.db-wal"] {
                std::fs::copy(home.path().join(file), after.path().join(file)).unwrap();
            }
            let recovered = open_writer(&after.path().join("numbers.db")).unwrap();
            assert_eq!(number(&recovered, "SELECT count(*) FROM numbers"), 1 + commits);
            let check: String = recovered.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok");
        }
    }

    #[test]
    fn a_slow_disk_keeps_nobody_waiting() {
        let home = tempfile::tempdir().unwrap();
        let connection = database(home.path());
        let length = lengthen_log(&connection, Duration::ZERO).unwrap();
        assert!((ONE_PIECE / 2..2 * ONE_PIECE).contains(&length), "{length}");
        connection.execute("INSERT INTO numbers VALUES (2)", []).unwrap();
        assert_eq!(number(&connection, "SELECT sum(number) FROM numbers"), 3);
    }

    #[test]
    fn where_there_is_no_room_the_log_gives_back_what_it_took() {
        let home = tempfile::tempdir().unwrap();
        let connection = database(home.path());
        connection.pragma_update(None, "max_page_count", 3_000).unwrap();
        let error = lengthen_log(&connection, LONG).unwrap_err().to_string();
        assert!(error.contains("full"), "{error}");
        assert_eq!(log_length(home.path()), 0);
        assert_eq!(number(&connection, "PRAGMA cache_size"), -WRITER_CACHE_KIB);
        connection.execute("INSERT INTO numbers VALUES (2)", []).unwrap();
        assert_eq!(number(&connection, "SELECT sum(number) FROM numbers"), 3);
    }
}
