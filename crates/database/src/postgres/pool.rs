//! The pool of connections that read, and that make changes whose order does not matter.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, QueueMode, RecyclingMethod, Runtime, Timeouts};
use futures_util::future;
use kernel::StoreError;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::failure::QueryError;
use super::server::{Connection, Server};

/// Lends connections. It opens them when they are needed, so it can be made while the server is away, and works again
/// as soon as the server does.
///
/// The one that was in use last is lent first: PostgreSQL keeps its plans and what it knows of the tables for each
/// connection, and one that was idle meanwhile has to read all of it again.
#[derive(Clone)]
pub struct Pool {
    pool: deadpool_postgres::Pool,
    /// One for each call that has a connection or may wait for one.
    admission: Arc<Semaphore>,
    answer_timeout: Duration,
}

impl Pool {
    /// At most `size` connections, and `queue` calls that wait for one.
    pub fn new(server: &Server, size: usize, queue: usize) -> Self {
        let method = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(server.driver(), server.clone(), method);
        let timeouts = Timeouts {
            // Who waits longer than a statement may take waits for a server that hangs.
            wait: Some(server.answer_timeout()),
            create: Some(server.connect_timeout()),
            recycle: Some(server.connect_timeout()),
        };
        let builder = deadpool_postgres::Pool::builder(manager).max_size(size).timeouts(timeouts);
        let pool = builder.queue_mode(QueueMode::Lifo).runtime(Runtime::Tokio1).build();
        #[allow(clippy::expect_used, reason = "it fails only where timeouts are set and no runtime is named")]
        let pool = pool.expect("a pool with a runtime can be built");
        let admission = Arc::new(Semaphore::new(size + queue));
        Self { pool, admission, answer_timeout: server.answer_timeout() }
    }

    /// Runs a read. Statements within one call may see different states; see [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] at once when too many wait already, else [`StoreError::Unavailable`].
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&Connection) -> Result<T, QueryError>,
    {
        self.run(query, false).await?.map_err(QueryError::of_read)
    }

    /// Runs a read whose statements all see one state.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn snapshot<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&Connection) -> Result<T, QueryError>,
    {
        let whole = async |connection: &Connection| {
            // The first statement goes out behind BEGIN without waiting for its answer: both are polled in this order.
            let begin = connection.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            let (begun, found) = future::join(begin, query(connection)).await;
            begun?;
            let found = found?;
            connection.batch_execute("COMMIT").await?;
            Ok(found)
        };
        self.run(whole, true).await?.map_err(QueryError::of_read)
    }

    /// Makes a change: one statement, or a [`transaction`](super::transaction). A statement that a constraint refused can
    /// be told by [`violated_constraint`](super::violated_constraint), and be an outcome.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] and [`StoreError::Unavailable`] when nothing was done, [`StoreError::Unknown`] when
    /// the connection ended or the time ran out after the change was sent.
    pub async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&Connection) -> Result<T, QueryError>,
    {
        match self.run(change, true).await {
            Ok(answer) => answer.map_err(QueryError::of_write),
            Err(Lost::NoAnswer) => Err(StoreError::Unknown(NO_ANSWER.into())),
            Err(lost) => Err(lost.into()),
        }
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(async |connection| Ok(connection.check_connection().await?)).await
    }

    /// The outer error is about the connection, the inner one what the server said. A connection that may be in the middle
    /// of something is thrown away; with `careful` it is even when the caller goes away, as it may be in a transaction.
    async fn run<T, F>(&self, query: F, careful: bool) -> Result<Result<T, QueryError>, Lost>
    where
        F: AsyncFnOnce(&Connection) -> Result<T, QueryError>,
    {
        let _admitted = self.admission.try_acquire().map_err(|_| Lost::Overloaded)?;
        let connection = self.pool.get().await.map_err(Lost::of_pool)?;
        let mut lent = Lent { connection: Some(connection), discard: careful };
        let answer = match &lent.connection {
            Some(connection) => timeout(self.answer_timeout, query(connection)).await,
            None => return Err(Lost::NoAnswer),
        };
        lent.discard = match &answer {
            Ok(Ok(_)) => false,
            Ok(Err(error)) => careful || error.spoils_connection(),
            Err(_) => true,
        };
        answer.map_err(|_| Lost::NoAnswer)
    }
}

/// A connection that goes back to the pool, or is closed when it had better not.
struct Lent {
    connection: Option<Object>,
    discard: bool,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && self.discard
        {
            drop(Object::take(connection));
        }
    }
}

const NO_ANSWER: &str = "PostgreSQL did not answer in time";

/// Why there was nobody to ask, or no answer.
enum Lost {
    Overloaded,
    NoConnection(String),
    NoAnswer,
}

impl Lost {
    fn of_pool(error: PoolError) -> Self {
        Self::NoConnection(match error {
            PoolError::Backend(error) => QueryError::from(error).to_string(),
            PoolError::Timeout(_) => "no connection to PostgreSQL in time".to_owned(),
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => error.to_string(),
        })
    }
}

impl From<Lost> for StoreError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Overloaded => Self::Overloaded,
            Lost::NoConnection(why) => Self::Unavailable(why.into()),
            Lost::NoAnswer => Self::Unavailable(NO_ANSWER.into()),
        }
    }
}
