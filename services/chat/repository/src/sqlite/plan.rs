//! How SQLite means to answer a query: a result cannot tell whether an index was used.

use rusqlite::{Connection, StatementStatus};

/// The steps of a query's plan on a fresh database, one a line. Parameters are null.
pub(super) fn of(sql: &str) -> String {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite::up(&mut connection, migrate::Service::Chat).unwrap();
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = plan.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<Vec<_>, _>>();
    steps.unwrap().join("\n")
}

#[test]
fn a_statement_that_is_kept_is_planned_once_whatever_it_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut connection = database::sqlite::open_writer(&directory.path().join("chat.db")).unwrap();
    migrate::sqlite::up(&mut connection, migrate::Service::Chat).unwrap();
    for byte in 0..10_u8 {
        let mut kept = connection.prepare_cached(super::append::GROUND).unwrap();
        assert!(!kept.exists([[byte; 16], [byte; 16]]).unwrap());
        assert_eq!(kept.get_status(StatementStatus::RePrepare), 0);
    }
}
