//! A database with numbers in it, a pool and a writer.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use database::postgres::{Append, Connection, Done, Pool, PostgresSettings, QueryError, Server, Writers};
use kernel::StoreError;
use testkit::PostgresServer;

pub(crate) const PLACE: [u8; 16] = [0; 16];

/// Numbers, each of which may be there once.
pub(crate) struct Numbers;

#[async_trait]
impl Append for Numbers {
    type Entry = i64;
    type Outcome = usize;
    type Event = i64;
    type Key = i64;

    fn key(entry: &i64) -> i64 {
        entry % 1_000
    }

    /// The outcome is how many shared the statement.
    async fn append(connection: &Connection, entries: &[i64]) -> Result<Done<Vec<usize>, i64>, QueryError> {
        connection.execute("INSERT INTO numbers SELECT unnest($1::bigint[])", &[&entries]).await?;
        Ok(Done { answer: vec![entries.len(); entries.len()], events: entries.to_vec() })
    }
}

pub(crate) struct Scene {
    pub(crate) pool: Pool,
    pub(crate) writers: Writers<Numbers>,
    pub(crate) told: Arc<Mutex<Vec<i64>>>,
}

pub(crate) async fn server(statement_timeout_ms: u64) -> Server {
    let url = Some(PostgresServer::shared().await.create_database().await);
    let settings = PostgresSettings { url, statement_timeout_ms, ..PostgresSettings::default() };
    settings.primary("test").unwrap()
}

pub(crate) async fn scene(queue: usize) -> Scene {
    let server = server(1_000).await;
    let pool = Pool::new(&server, 2, 2);
    let sql = "CREATE TABLE numbers (n bigint CONSTRAINT numbers_once PRIMARY KEY); CREATE SEQUENCE tries";
    pool.write(async |connection| Ok(connection.batch_execute(sql).await?)).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&told);
    let writers =
        Writers::start(&server, 1, queue, &(Arc::new(move |numbers| all.lock().unwrap().extend(numbers)) as _));
    Scene { pool, writers, told }
}

impl Scene {
    pub(crate) async fn numbers(&self) -> Vec<i64> {
        let read = async |connection: &Connection| {
            let rows = connection.query("SELECT n FROM numbers ORDER BY n", &[]).await?;
            rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
        };
        self.pool.read(read).await.unwrap()
    }

    /// Makes a change of one statement.
    pub(crate) async fn run(&self, sql: &'static str) -> Result<(), StoreError> {
        self.writers
            .change(PLACE, sql, |connection, sql| {
                Box::pin(async move {
                    connection.execute(*sql, &[]).await?;
                    Ok(Done { answer: (), events: vec![-1] })
                })
            })
            .await
    }
}
