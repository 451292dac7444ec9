//! A private Redis.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::supervised::{Kind, Supervised};
use super::{PATIENCE, Server, aside};

/// Every command is in the file before its reply is sent, so a killed Redis comes back with all that it acknowledged.
/// With `appendfsync everysec` the write waits while the disk is busy, and a test would sometimes find less.
const REDIS: Kind = Kind {
    name: "redis",
    prepare: "",
    run: r#"exec "$PROGRAM" --bind 127.0.0.1 --port "$PORT" --save '' --appendonly yes --appendfsync no"#,
    clean: "",
    unprivileged: false,
    answers,
};

/// A private Redis: an own process with own data, which ends with this value or with the test process.
#[derive(Debug)]
pub struct RedisServer {
    pub(super) server: Server,
}

impl RedisServer {
    /// Starts one, on a free port.
    ///
    /// # Panics
    /// When Redis is not installed, or with its log when it does not answer in time.
    pub async fn start() -> Self {
        Self { server: Server::start(&REDIS).await }
    }

    /// The one that all tests of this process share; each has keys with a prefix of its own. Do not kill or empty it:
    /// the others notice.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<RedisServer> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.server.port())
    }

    /// Removes everything.
    ///
    /// # Panics
    /// When Redis does not say that it did.
    pub async fn flush_all(&self) {
        let port = self.server.port();
        let reply = aside(move || ask(port, "FLUSHALL\r\n", |reply| reply.ends_with("\r\n"))).await;
        assert_eq!(reply.as_deref(), Some("+OK\r\n"));
    }

    /// Makes the keys with this prefix older: as if the time had passed, what would have expired by then is gone, and the
    /// rest has as much less to last.
    ///
    /// # Panics
    /// When Redis does not say that it did.
    pub async fn age(&self, prefix: &str, by: Duration) {
        let command = format!("EVAL \"{AGE}\" 0 {prefix} {}\r\n", by.as_millis());
        let port = self.server.port();
        let reply = aside(move || ask(port, &command, |reply| reply.ends_with("\r\n"))).await;
        assert_eq!(reply.as_deref(), Some("+OK\r\n"));
    }
}

/// Without a line break or a quotation mark: it is sent as a part of one line.
const AGE: &str = "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do \
    local left = redis.call('PTTL', key) - ARGV[2] \
    if left > 0 then redis.call('PEXPIRE', key, left) \
    elseif left > -ARGV[2] - 1 then redis.call('DEL', key) end \
    end \
    return redis.status_reply('OK')";

/// Its process says that it is this one, and it has read its file.
fn answers(server: &Supervised) -> bool {
    let enough = |reply: &str| reply.contains("\r\n+PONG\r\n") || reply.contains("\r\n-LOADING");
    let reply = ask(server.port(), "INFO server\r\nPING\r\n", enough).unwrap_or_default();
    reply.contains(&format!("\r\nprocess_id:{}\r\n", server.pid())) && reply.contains("\r\n+PONG\r\n")
}

/// Sends commands and reads until it is enough.
fn ask(port: u16, commands: &str, enough: impl Fn(&str) -> bool) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(commands.as_bytes()).ok()?;
    let mut reply = String::new();
    let mut part = [0; 4096];
    while !enough(&reply) {
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        reply.push_str(&String::from_utf8_lossy(&part[..read]));
    }
    Some(reply)
}
