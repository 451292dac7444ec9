//! A node whose schema is not the one that it was built for lives, says so, and does not become ready.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use auth_server::{AuthSettings, Keys};
use database::postgres::PostgresSettings;
use migrate::Service;
use testkit::{NatsServer, PostgresServer, Process, RedisServer, Rest, until};
use uuid::Uuid;

const NATTER: &str = env!("CARGO_BIN_EXE_natter");

/// The variables of a node on a database, which listens where nobody does.
async fn node(home: &Path, postgres_url: &str) -> (SocketAddr, Vec<(&'static str, String)>) {
    Keys::load_or_create(Some(home), &AuthSettings::default()).unwrap();
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let prefix = format!("t{}", Uuid::new_v4().simple());
    let vars = vec![
        ("HTTP_ADDR", addr.to_string()),
        ("POSTGRES_URL", postgres_url.to_owned()),
        ("REDIS_URL", RedisServer::shared().await.url()),
        ("REDIS_PREFIX", prefix.clone()),
        ("NATS_URL", NatsServer::shared().await.url()),
        ("NATS_PREFIX", prefix),
        ("AUTH_SIGNING_KEY_FILE", home.join("auth_signing_key.pem").to_str().unwrap().to_owned()),
        ("AUTH_REFRESH_KEY_FILE", home.join("auth_refresh_key").to_str().unwrap().to_owned()),
    ];
    (addr, vars)
}

async fn start(home: &Path, vars: &[(&'static str, String)]) -> Process {
    let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Process::start(NATTER, home, &vars).await.unwrap()
}

/// Waits until the node says that it is not ready for this reason; it lives all the while.
async fn is_not_ready(addr: SocketAddr, reason: &str) {
    let rest = Rest::new(addr);
    until("the node listens", async || tokio::net::TcpStream::connect(addr).await.ok()).await;
    until("the node says why", async || {
        let ready = rest.get("/readyz", "").await;
        assert_eq!(ready.status, 503, "{}", ready.text);
        ready.text.contains(reason).then_some(())
    })
    .await;
    rest.get("/healthz", "").await.expect(200);
    rest.get("/v1/rooms", "").await.problem(503, "storage-unavailable");
}

#[tokio::test]
async fn a_node_waits_for_its_schema_and_then_serves() {
    let home = tempfile::tempdir().unwrap();
    let url = PostgresServer::shared().await.create_database().await;
    let (addr, vars) = node(home.path(), &url).await;
    let migrates = async {
        is_not_ready(addr, "migrate up").await;
        let settings = PostgresSettings { url: Some(url.clone()), ..PostgresSettings::default() };
        let mut connection = settings.primary("tests").unwrap().connect().await.unwrap();
        for service in [Service::Auth, Service::Chat] {
            migrate::postgres::up(&mut connection, service, None).await.unwrap();
        }
    };
    let (node, ()) = tokio::join!(start(home.path(), &vars), migrates);
    node.rest().get("/readyz", "").await.expect(200);
    node.rest().person("ada").await;
}

#[tokio::test]
async fn a_node_does_not_serve_a_schema_that_is_newer_than_itself() {
    let home = tempfile::tempdir().unwrap();
    let url = PostgresServer::shared().await.create_database().await;
    let settings = PostgresSettings { url: Some(url.clone()), ..PostgresSettings::default() };
    let mut connection = settings.primary("tests").unwrap().connect().await.unwrap();
    for service in [Service::Auth, Service::Chat] {
        migrate::postgres::up(&mut connection, service, None).await.unwrap();
    }
    let history = "chat.refinery_schema_history";
    let newer = format!("INSERT INTO {history} (version, name, applied_on, checksum) VALUES (99, 'x', '', '1')");
    connection.batch_execute(&newer).await.unwrap();
    let (addr, vars) = node(home.path(), &url).await;
    let repairs = async {
        is_not_ready(addr, "newer version").await;
        connection.batch_execute(&format!("DELETE FROM {history} WHERE version = 99")).await.unwrap();
    };
    let (node, ()) = tokio::join!(start(home.path(), &vars), repairs);
    node.rest().get("/readyz", "").await.expect(200);
}
