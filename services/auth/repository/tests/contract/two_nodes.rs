//! Two nodes on one PostgreSQL that a case takes for one: each call goes to the other node than the call before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use auth_entity::{Login, PasswordHash, Session, User};
use auth_repository::postgres::{PostgresOutbox, PostgresSessions, PostgresStore, PostgresUsers};
use auth_usecase::ports::{
    Account, EndOutcome, InsertOutcome, KnownSession, Message, Outbox, ReplaceOutcome, RotateOutcome, Sessions, Users,
    Waiting,
};
use database::postgres::PostgresSettings;
use kernel::{SessionId, StoreError, Timestamp, UserId};
use testkit::PostgresServer;
use tokio::sync::OnceCell;

use crate::stores::Stores;

/// A database that is migrated, and that nobody uses but to copy it.
async fn template() -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let url = PostgresServer::shared().await.create_database().await;
            let (mut client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            migrate::postgres::up(&mut client, migrate::Service::Auth, None).await.unwrap();
            drop(client);
            connection.await.unwrap().unwrap();
            url
        })
        .await
}

pub(crate) async fn postgres() -> Stores {
    let url = PostgresServer::shared().await.create_database_from(template().await).await;
    let settings = PostgresSettings { url: Some(url), pool_size: 8, ..PostgresSettings::default() };
    let nodes = [(); 2].map(|()| PostgresStore::connect(&settings).unwrap());
    Stores {
        users: Arc::new(OfTwo::new(nodes.clone().map(PostgresUsers::new))),
        sessions: Arc::new(OfTwo::new(nodes.clone().map(PostgresSessions::new))),
        outbox: Arc::new(OfTwo::new(nodes.map(PostgresOutbox::new))),
        _keep: Box::new(()),
    }
}

struct OfTwo<S> {
    nodes: [S; 2],
    turn: AtomicBool,
}

impl<S> OfTwo<S> {
    fn new(nodes: [S; 2]) -> Self {
        Self { nodes, turn: AtomicBool::new(false) }
    }

    fn next(&self) -> &S {
        &self.nodes[usize::from(self.turn.fetch_xor(true, Ordering::Relaxed))]
    }
}

#[async_trait]
impl Users for OfTwo<PostgresUsers> {
    async fn insert(&self, account: &Account) -> Result<InsertOutcome, StoreError> {
        self.next().insert(account).await
    }

    async fn find_by_login(&self, login: &Login) -> Result<Option<Account>, StoreError> {
        self.next().find_by_login(login).await
    }

    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.next().find_by_id(id).await
    }

    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError> {
        self.next().replace_hash(id, old, new).await
    }

    async fn replace_profile(
        &self,
        user: &User,
        message: &Message,
        now: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError> {
        self.next().replace_profile(user, message, now).await
    }
}

#[async_trait]
impl Sessions for OfTwo<PostgresSessions> {
    async fn open(&self, session: &Session) -> Result<(), StoreError> {
        self.next().open(session).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<KnownSession>, StoreError> {
        self.next().find(id).await
    }

    async fn find_many(&self, ids: &[SessionId]) -> Result<Vec<KnownSession>, StoreError> {
        self.next().find_many(ids).await
    }

    async fn rotate(&self, id: SessionId, presented: u32, now: Timestamp) -> Result<RotateOutcome, StoreError> {
        self.next().rotate(id, presented, now).await
    }

    async fn end(&self, id: SessionId, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.next().end(id, now).await
    }
}

#[async_trait]
impl Outbox for OfTwo<PostgresOutbox> {
    async fn next(&self, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        self.next().next(limit).await
    }

    async fn sent(&self, places: &[i64]) -> Result<(), StoreError> {
        self.next().sent(places).await
    }

    async fn waiting(&self, most: u32) -> Result<u32, StoreError> {
        self.next().waiting(most).await
    }
}
