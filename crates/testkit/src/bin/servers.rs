//! A private PostgreSQL, Redis and NATS for as long as this program runs: `cargo run -p testkit --bin servers`.

use std::future::pending;

use testkit::{NatsServer, PostgresServer, RedisServer, Server};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (postgres, redis, nats) = tokio::join!(PostgresServer::start(), RedisServer::start(), NatsServer::start());
    tell("POSTGRES_URL", &postgres.create_database().await, &postgres);
    tell("REDIS_URL", &redis.url(), &redis);
    tell("NATS_URL", &nats.url(), &nats);
    println!("# All of them end with this program.");
    pending::<()>().await;
}

/// As lines for an environment file.
fn tell(variable: &str, url: &str, server: &Server) {
    println!("# process {} in {}\n{variable}={url}", server.pid(), server.directory().display());
}
