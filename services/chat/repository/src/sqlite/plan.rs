//! How SQLite means to answer a query: a result cannot tell whether an index was used.

use rusqlite::Connection;

/// The steps of a query's plan on a fresh database, one a line. Parameters are null.
pub(super) fn of(sql: &str) -> String {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::sqlite::up(&mut connection, migrate::Service::Chat).unwrap();
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = plan.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<Vec<_>, _>>();
    steps.unwrap().join("\n")
}
