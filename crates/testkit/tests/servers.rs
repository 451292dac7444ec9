//! Real servers on this machine: they come back with what they had, can be paused, and leave nothing behind.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

use std::io::{BufRead, BufReader as Lines};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use testkit::{NatsServer, PATIENCE, PostgresServer, RedisServer, Server, until};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls, error::SqlState};

/// Long enough for any server that answers at all to have done so.
const LONG: Duration = Duration::from_millis(300);

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn count(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM things", &[]).await.unwrap().get(0)
}

/// A client that speaks in lines, which is what Redis and NATS do.
struct Wire(BufReader<TcpStream>);

impl Wire {
    async fn connect(server: &Server) -> Self {
        Self(BufReader::new(TcpStream::connect(("127.0.0.1", server.port())).await.unwrap()))
    }

    async fn ask(&mut self, lines: &str) -> String {
        self.0.write_all(lines.as_bytes()).await.unwrap();
        self.line().await
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("a line comes in time").unwrap();
        line.trim_end().to_owned()
    }

    /// Asks JetStream something, as its clients do: with a subject for the answer.
    async fn ask_jetstream(&mut self, subject: &str, body: &str) -> String {
        let greeting = self.ask("CONNECT {\"verbose\":false}\r\nSUB answers 1\r\nPING\r\n").await;
        assert!(greeting.starts_with("INFO "), "{greeting}");
        assert_eq!(self.line().await, "PONG");
        let head = self.ask(&format!("PUB {subject} answers {}\r\n{body}\r\n", body.len())).await;
        assert!(head.starts_with("MSG answers"), "{head}");
        self.line().await
    }
}

/// The processes that work in a directory, wherever below it.
fn processes_in(directory: &Path) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    processes.filter(|process| process.join("cwd").read_link().is_ok_and(|cwd| cwd.starts_with(directory))).collect()
}

#[tokio::test]
async fn postgres_comes_back_with_every_committed_row() {
    let postgres = PostgresServer::start().await;
    let url = postgres.create_database().await;
    let client = connect(&url).await;
    client.batch_execute("CREATE TABLE things (name text); INSERT INTO things VALUES ('kept')").await.unwrap();
    client.batch_execute("BEGIN; INSERT INTO things VALUES ('not committed')").await.unwrap();

    postgres.kill().await;
    assert!(client.batch_execute("COMMIT").await.is_err());
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());

    postgres.restart().await;
    assert_eq!(count(&connect(&url).await).await, 1);
}

#[tokio::test]
async fn redis_comes_back_with_every_key() {
    let redis = RedisServer::start().await;
    let mut wire = Wire::connect(&redis).await;
    for key in 0..1000 {
        assert_eq!(wire.ask(&format!("SET {key} kept\r\n")).await, "+OK");
    }

    redis.kill().await;
    assert!(TcpStream::connect(("127.0.0.1", redis.port())).await.is_err());

    redis.restart().await;
    assert_eq!(Wire::connect(&redis).await.ask("DBSIZE\r\n").await, ":1000");
    redis.flush_all().await;
    assert_eq!(Wire::connect(&redis).await.ask("DBSIZE\r\n").await, ":0");
}

#[tokio::test]
async fn nats_comes_back_with_its_streams() {
    let nats = NatsServer::start().await;
    let made = r#"{"name":"things","subjects":["things.>"]}"#;
    let reply = Wire::connect(&nats).await.ask_jetstream("$JS.API.STREAM.CREATE.things", made).await;
    assert!(reply.contains(r#""name":"things""#), "{reply}");

    nats.kill().await;
    assert!(TcpStream::connect(("127.0.0.1", nats.port())).await.is_err());

    nats.restart().await;
    let reply = Wire::connect(&nats).await.ask_jetstream("$JS.API.STREAM.INFO.things", "").await;
    assert!(reply.contains(r#""name":"things""#), "{reply}");
}

#[tokio::test]
async fn a_server_that_runs_can_be_restarted_again_and_again() {
    let postgres = PostgresServer::start().await;
    let client = connect(&postgres.url()).await;
    client.batch_execute("CREATE TABLE things (name text)").await.unwrap();
    for round in 1..=3 {
        let (port, pid) = (postgres.port(), postgres.pid());
        connect(&postgres.url()).await.batch_execute("INSERT INTO things VALUES ('kept')").await.unwrap();
        postgres.restart().await;
        assert_eq!(count(&connect(&postgres.url()).await).await, round);
        assert_eq!(postgres.port(), port);
        assert_ne!(postgres.pid(), pid);
    }
}

#[tokio::test]
async fn a_paused_server_answers_nothing_until_it_is_resumed() {
    let (postgres, redis, nats) = tokio::join!(PostgresServer::start(), RedisServer::start(), NatsServer::start());
    let url = postgres.url();
    let client = connect(&url).await;
    let (mut redis_wire, mut nats_wire) = (Wire::connect(&redis).await, Wire::connect(&nats).await);
    nats_wire.line().await;
    tokio::join!(postgres.pause(), redis.pause(), nats.pause());

    let mut query = Box::pin(client.query_one("SELECT 1", &[]));
    let mut connecting = Box::pin(connect(&url));
    let mut redis_pong = Box::pin(redis_wire.ask("PING\r\n"));
    let mut nats_pong = Box::pin(nats_wire.ask("PING\r\n"));
    let (query_early, connected_early, redis_early, nats_early) = tokio::join!(
        timeout(LONG, &mut query),
        timeout(LONG, &mut connecting),
        timeout(LONG, &mut redis_pong),
        timeout(LONG, &mut nats_pong),
    );
    assert!(query_early.is_err() && connected_early.is_err() && redis_early.is_err() && nats_early.is_err());

    tokio::join!(postgres.resume(), redis.resume(), nats.resume());
    let (query, _, redis_pong, nats_pong) =
        timeout(PATIENCE, async { tokio::join!(query, connecting, redis_pong, nats_pong) })
            .await
            .expect("all of them answer now");
    assert_eq!(query.unwrap().get::<_, i32>(0), 1);
    assert_eq!(redis_pong, "+PONG");
    assert_eq!(nats_pong, "PONG");
}

#[tokio::test]
async fn a_paused_server_can_be_killed() {
    let postgres = PostgresServer::start().await;
    postgres.pause().await;
    postgres.restart().await;
    connect(&postgres.url()).await;
}

#[tokio::test]
async fn databases_are_apart_and_a_copy_has_what_its_template_has() {
    let postgres = PostgresServer::shared().await;
    let template = postgres.create_database().await;
    connect(&template).await.batch_execute("CREATE TABLE things (name text)").await.unwrap();
    let (one, other, empty) = tokio::join!(
        postgres.create_database_from(&template),
        postgres.create_database_from(&template),
        postgres.create_database(),
    );
    connect(&one).await.batch_execute("INSERT INTO things VALUES ('one')").await.unwrap();
    assert_eq!(count(&connect(&one).await).await, 1);
    assert_eq!(count(&connect(&other).await).await, 0);
    let missing = connect(&empty).await.query_one("SELECT count(*) FROM things", &[]).await.unwrap_err();
    assert_eq!(missing.code(), Some(&SqlState::UNDEFINED_TABLE));
}

#[test]
fn a_shared_server_outlives_the_runtime_that_started_it() {
    let in_a_runtime_of_its_own = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (redis, nats) = (RedisServer::shared().await, NatsServer::shared().await);
            assert_eq!(Wire::connect(redis).await.ask("PING\r\n").await, "+PONG");
            assert!(Wire::connect(nats).await.line().await.starts_with("INFO "));
            (redis.pid(), nats.pid())
        })
    };
    assert_eq!(in_a_runtime_of_its_own(), in_a_runtime_of_its_own());
}

#[tokio::test]
async fn a_dropped_server_has_gone_with_its_processes_and_its_data() {
    let (postgres, redis, nats) = tokio::join!(PostgresServer::start(), RedisServer::start(), NatsServer::start());
    let directories: Vec<_> = [&*postgres, &redis, &nats].map(|server| server.directory().to_owned()).into();
    for directory in &directories {
        assert!(processes_in(directory).len() >= 2, "its supervisor and itself");
    }
    redis.pause().await;
    drop((postgres, redis, nats));
    for directory in &directories {
        let left = processes_in(directory);
        assert!(left.is_empty(), "{left:?}");
        assert!(!directory.exists());
    }
}

/// Whether servers are gone once a process has ended that had started them and got no time to end them.
async fn nothing_stays_after(end: impl Fn(Pid)) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_servers"));
    let mut helper = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
    let (mut directories, mut pids) = (Vec::new(), Vec::new());
    for line in Lines::new(helper.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if let Some((pid, directory)) = line.strip_prefix("# process ").and_then(|rest| rest.split_once(" in ")) {
            pids.push(pid.parse().unwrap());
            directories.push(PathBuf::from(directory));
        } else if line.starts_with("# All") {
            break;
        }
    }
    assert_eq!(pids.len(), 3);
    let processes: Vec<_> = directories.iter().flat_map(|directory| processes_in(directory)).collect();
    assert!(processes.len() >= 3 + 2 + 2, "{processes:?}");
    // One of them cannot move a finger.
    kill_process(Pid::from_raw(pids[0]).unwrap(), Signal::STOP).unwrap();

    end(Pid::from_raw(i32::try_from(helper.id()).unwrap()).unwrap());
    assert!(!helper.wait().unwrap().success());
    until("the servers and their data go", async || {
        let gone = |path: &PathBuf| !path.exists();
        (processes.iter().all(gone) && directories.iter().all(gone)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn nothing_stays_when_the_process_that_started_them_is_killed() {
    nothing_stays_after(|helper| kill_process(helper, Signal::KILL).unwrap()).await;
}

#[tokio::test]
async fn nothing_stays_when_their_whole_group_is_told_to_end() {
    nothing_stays_after(|helper| kill_process_group(helper, Signal::TERM).unwrap()).await;
}
