//! Several statements as one change, with a commit that cannot be mistaken.

use super::failure::QueryError;
use super::server::Connection;

/// Runs `work` between `BEGIN` and `COMMIT`, at READ COMMITTED; an error inside is an error outside, and nothing happened
/// then unless the answer to `COMMIT` itself is what was lost.
///
/// The driver's own `commit` is content when the server answers `COMMIT` with `ROLLBACK`, as it does when a statement
/// before had failed. Here an empty `SELECT` goes before `COMMIT` in the same message: a failed transaction refuses it,
/// and that is an error.
///
/// One statement is cheaper and needs none of this; it is to be preferred where it can do.
pub async fn transaction<T, F>(connection: &Connection, work: F) -> Result<T, QueryError>
where
    F: AsyncFnOnce(&Connection) -> Result<T, QueryError>,
{
    connection.batch_execute("BEGIN").await?;
    match work(connection).await {
        Ok(done) => {
            connection.batch_execute("SELECT; COMMIT").await?;
            Ok(done)
        }
        Err(error) => {
            // Should this fail too, the connection is closed by whoever lent it, and the server rolls back.
            connection.batch_execute("ROLLBACK").await?;
            Err(error)
        }
    }
}
