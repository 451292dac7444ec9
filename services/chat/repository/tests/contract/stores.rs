//! The factories: a fresh, migrated store for each case, and what it has committed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_entity::{Event, EventContent, RoomName, Seq};
use chat_repository::postgres::{PostgresLog, PostgresPeople, PostgresRooms, PostgresStore};
use chat_repository::sqlite::{SqliteLog, SqlitePeople, SqliteRooms, SqliteStore};
use chat_usecase::port::{Log, People, Rooms};
use database::postgres::PostgresSettings;
use database::sqlite::open_writer;
use kernel::RoomId;
use testkit::PostgresServer;
use tokio::sync::{OnceCell, watch};
use tokio::time::timeout;
use tokio_postgres::NoTls;

use crate::samples::at;

/// How long an event that was committed may take to be told: generous, and never waited out when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

/// All stores of one database, and the list of what they have committed since they were opened.
pub(crate) struct Stores {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) rooms: Arc<dyn Rooms>,
    pub(crate) people: Arc<dyn People>,
    committed: watch::Receiver<Vec<Event>>,
    backing: Arc<dyn Backing>,
}

/// What a case needs of a database that no port offers.
#[async_trait]
pub(crate) trait Backing: Send + Sync {
    /// The stores, through new connections to the same data.
    async fn open(self: Arc<Self>) -> Stores;

    /// Closes a room for good, which no use case does yet.
    async fn archive(&self, room: RoomId);
}

impl Stores {
    /// The same data, as a new process would find it.
    pub(crate) async fn reopened(self) -> Self {
        let backing = Arc::clone(&self.backing);
        drop(self);
        backing.open().await
    }

    /// Another node on the same data, which has committed nothing yet.
    pub(crate) async fn another_node(&self) -> Self {
        Arc::clone(&self.backing).open().await
    }

    /// Closes a room for good.
    pub(crate) async fn archive(&self, room: RoomId) {
        self.backing.archive(room).await;
    }

    /// Everything that was committed before this call, in the order in which it was told.
    pub(crate) async fn committed(&self) -> Vec<Event> {
        let marker = RoomId::new();
        let name = RoomName::parse(&format!("marker-{marker}")).unwrap();
        self.rooms.ensure_default(marker, name, at(0)).await.unwrap();
        let mut committed = self.committed.clone();
        let told = committed.wait_for(|events| events.iter().any(|event| event.room_id == marker));
        timeout(PATIENCE, told).await.expect("what is committed is told").unwrap().clone()
    }

    /// A room's whole log, after checking that it is dense and that exactly it was told, event by event.
    pub(crate) async fn checked_log(&self, room: RoomId) -> Vec<Event> {
        let log = self.log.tail(room, Seq::ZERO, 100_000).await.unwrap();
        let places: Vec<u64> = log.iter().map(|event| event.seq.get()).collect();
        assert_eq!(places, (1..=log.len() as u64).collect::<Vec<_>>(), "the log has a gap or a repeat");
        let told: Vec<Event> = self.committed().await.into_iter().filter(|event| event.room_id == room).collect();
        assert_eq!(told, log, "what was told is not what is in the log");
        log
    }

    /// The messages of a room's checked log.
    pub(crate) async fn checked_bodies(&self, room: RoomId) -> Vec<String> {
        let bodies = self.checked_log(room).await.into_iter().filter_map(|event| match event.content {
            EventContent::MessageCreated(message) => Some(message.body.as_str().to_owned()),
            EventContent::RoomCreated(_) | EventContent::MemberJoined(_) | EventContent::MemberLeft(_) => None,
        });
        bodies.collect()
    }
}

struct SqliteFile(tempfile::TempDir);

impl SqliteFile {
    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("chat.db")
    }
}

#[async_trait]
impl Backing for SqliteFile {
    async fn open(self: Arc<Self>) -> Stores {
        let (told, committed) = watch::channel(Vec::new());
        let sink = move |events: Vec<Event>| told.send_modify(|all| all.extend(events));
        let store = SqliteStore::open(&self.path(), 2, Box::new(sink)).unwrap();
        Stores {
            log: Arc::new(SqliteLog::new(store.clone())),
            rooms: Arc::new(SqliteRooms::new(store.clone())),
            people: Arc::new(SqlitePeople::new(store)),
            committed,
            backing: self,
        }
    }

    async fn archive(&self, room: RoomId) {
        let connection = open_writer(&self.path()).unwrap();
        let sql = "UPDATE rooms SET archived_at = ?2 WHERE id = ?1";
        assert_eq!(connection.execute(sql, rusqlite::params![room.as_bytes(), at(0).as_millis()]).unwrap(), 1);
    }
}

pub(crate) async fn sqlite() -> Stores {
    let file = Arc::new(SqliteFile(tempfile::tempdir().unwrap()));
    let mut connection = open_writer(&file.path()).unwrap();
    migrate::sqlite::up(&mut connection, migrate::Service::Chat).unwrap();
    file.open().await
}

/// A database of a server, and how to reach it.
pub(crate) struct PostgresDatabase(PostgresSettings);

impl PostgresDatabase {
    pub(crate) fn at(url: String) -> Arc<Self> {
        Arc::new(Self(PostgresSettings { url: Some(url), ..PostgresSettings::default() }))
    }
}

/// Runs statements in a database, past the stores.
pub(crate) async fn execute(url: &str, statements: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(statements).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

/// Brings a database to the current schema.
pub(crate) async fn migrated(url: String) -> String {
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    migrate::postgres::up(&mut client, migrate::Service::Chat, None).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    url
}

/// A migrated database of its own, on the server that all tests share; a copy of one that was migrated once.
pub(crate) async fn postgres_url() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let server = PostgresServer::shared().await;
    let template = TEMPLATE.get_or_init(async || migrated(server.create_database().await).await).await;
    server.create_database_from(template).await
}

/// All stores of a PostgreSQL database.
pub(crate) async fn postgres_stores(settings: &PostgresSettings, backing: Arc<dyn Backing>) -> Stores {
    let (told, committed) = watch::channel(Vec::new());
    let sink = move |events: Vec<Event>| told.send_modify(|all| all.extend(events));
    let store = PostgresStore::connect(settings, Arc::new(sink)).await.unwrap();
    Stores {
        log: Arc::new(PostgresLog::new(store.clone())),
        rooms: Arc::new(PostgresRooms::new(store.clone())),
        people: Arc::new(PostgresPeople::new(store)),
        committed,
        backing,
    }
}

#[async_trait]
impl Backing for PostgresDatabase {
    async fn open(self: Arc<Self>) -> Stores {
        postgres_stores(&self.0.clone(), self).await
    }

    async fn archive(&self, room: RoomId) {
        let sql = format!("UPDATE chat.rooms SET archived_at = {} WHERE id = '{room}'", at(0).as_millis());
        execute(self.0.url.as_deref().unwrap(), &sql).await;
    }
}

pub(crate) async fn postgres() -> Stores {
    PostgresDatabase::at(postgres_url().await).open().await
}
