//! A private PostgreSQL.

use std::fs::read_to_string;

use tokio::sync::{Mutex, OnceCell};
use tokio_postgres::NoTls;

use super::Server;
use super::supervised::{Kind, Supervised};

/// A killed process loses nothing without `fsync`: the system still has what was written. Only a power cut would tell
/// the difference, and no test makes one. The rest keeps small what may run beside others.
const POSTGRES: Kind = Kind {
    name: "postgres",
    // A time zone is looked for, file by file, where none is given.
    prepare: r#"
        TZ=UTC "$PROGRAM/initdb" --pgdata=data --username=natter --auth=trust --encoding=UTF8 --no-locale --no-sync \
            --no-instructions"#,
    run: r#"
        exec "$PROGRAM/postgres" -D data -p "$PORT" \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
            -c max_connections=300 -c shared_buffers=32MB -c max_wal_size=256MB \
            -c fsync=off -c dynamic_shared_memory_type=mmap"#,
    // A few bytes of System V shared memory tell PostgreSQL whether processes of an earlier start are still there. They
    // stay when it is killed.
    clean: "ipcrm -m $(sed -n '7 s/.* //p' data/postmaster.pid)",
    unprivileged: true,
    answers,
};

/// One that waits for its disk, as an installation does, and has room to work in: for measuring.
const DURABLE: Kind = Kind {
    run: r#"
        exec "$PROGRAM/postgres" -D data -p "$PORT" \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
            -c max_connections=300 -c shared_buffers=512MB -c max_wal_size=4GB \
            -c dynamic_shared_memory_type=mmap"#,
    ..POSTGRES
};

/// A private PostgreSQL: an own process with own data, which ends with this value or with the test process.
///
/// The server is UTF-8 in the C locale, in UTC, without password, and its superuser is `natter`. It survives a killed
/// process, not a power cut.
#[derive(Debug)]
pub struct PostgresServer {
    pub(super) server: Server,
    /// How many databases there are. Held while one is made: a template must have no visitors.
    databases: Mutex<u32>,
}

impl PostgresServer {
    /// Starts one, on a free port.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or with its log when it does not answer in time.
    pub async fn start() -> Self {
        Self { server: Server::start(&POSTGRES).await, databases: Mutex::new(0) }
    }

    /// Starts one that survives a power cut, too, with more memory: for measuring, where `fsync` is part of the price.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub async fn start_durable() -> Self {
        Self { server: Server::start(&DURABLE).await, databases: Mutex::new(0) }
    }

    /// The one that all tests of this process share. Do not kill it: the others notice.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<PostgresServer> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// Where clients connect, to a database that is for administration only.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes a database, empty and with a name of its own; gives its URL. It is there until the server ends.
    pub async fn create_database(&self) -> String {
        self.create("template1").await
    }

    /// Makes a copy of a database, with a name of its own; gives its URL. `template` is the URL of the original.
    ///
    /// # Panics
    /// When somebody is connected to the original and does not leave within five seconds.
    pub async fn create_database_from(&self, template: &str) -> String {
        let name = template.rsplit('/').next().unwrap_or(template);
        self.create(name).await
    }

    async fn create(&self, template: &str) -> String {
        let mut databases = self.databases.lock().await;
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.expect("PostgreSQL runs");
        let connection = tokio::spawn(connection);
        *databases += 1;
        let name = format!("test_{databases}");
        let version: String = client.query_one("SHOW server_version_num", &[]).await.unwrap().get(0);
        // Copying files is faster than writing it all to the log, and the one way that PostgreSQL 14 knows.
        let strategy = if version.as_str() < "150000" { "" } else { "STRATEGY file_copy" };
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}"))
            .await
            .unwrap_or_else(|error| panic!("no copy of {template} could be made: {error:?}"));
        drop(client);
        let _ = connection.await;
        self.url_of(&name)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://natter@127.0.0.1:{}/{database}", self.server.port())
    }
}

/// PostgreSQL says itself, in a file, that it takes connections. The file of an earlier start names another process.
fn answers(server: &Supervised) -> bool {
    let status = read_to_string(server.directory().join("data/postmaster.pid")).unwrap_or_default();
    let line = |at| status.lines().nth(at).unwrap_or_default().trim();
    line(0) == server.pid().to_string() && line(7) == "ready"
}
