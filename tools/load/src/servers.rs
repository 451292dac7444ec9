//! The servers that are measured: started here on cores of their own, with data that goes away with them.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use tempfile::TempDir;
use testkit::{NatsServer, PostgresServer, Process, RedisServer};

use crate::pin;
use crate::watch::Watched;

/// Which server is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Kind {
    /// `natter` alone, on SQLite.
    Embedded,
    /// `natter` on PostgreSQL, Redis and NATS, all on the server's cores.
    Fleet,
    /// Bare actix-ws, which stores nothing, checks nobody, and says the same frames.
    Floor,
    /// A server that runs already: see `natter-load run`.
    #[value(skip)]
    Running,
}

impl Kind {
    /// What it is called in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Fleet => "fleet",
            Self::Floor => "floor",
            Self::Running => "running",
        }
    }
}

/// Where the programs are, and on which cores they run.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `natter`.
    pub natter: PathBuf,
    /// The floor.
    pub floor: PathBuf,
    /// Where data goes, on a real disk.
    pub data: PathBuf,
    /// The server's cores.
    pub server_cores: Vec<usize>,
    /// Ours.
    pub load_cores: Vec<usize>,
    /// Further variables for the servers.
    pub variables: Vec<(String, String)>,
}

/// A running server.
pub struct Running {
    process: Process,
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it costs.
    pub watched: Vec<Watched>,
    /// How long it took until it was ready.
    pub started_in: Duration,
    backing: Option<Backing>,
    data: TempDir,
}

/// What a fleet stands on.
struct Backing {
    postgres: PostgresServer,
    postgres_url: String,
    redis: RedisServer,
    nats: NatsServer,
}

/// What sign-ups cost while places are made: the least that the server takes. It is not what is measured there.
const CHEAP_HASHES: [(&str, &str); 2] = [("AUTH_HASH_MEMORY_KIB", "8192"), ("AUTH_HASH_PASSES", "1")];
/// What they cost by default.
const REAL_HASHES: [(&str, &str); 2] = [("AUTH_HASH_MEMORY_KIB", "19456"), ("AUTH_HASH_PASSES", "2")];

/// How dear passwords are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashes {
    /// As cheap as the server takes, to make people quickly.
    Cheap,
    /// The same, by a server that has our cores, too: to make very many, and start it again before anything is measured.
    CheapOnAllCores,
    /// The default.
    Real,
}

impl Running {
    /// Starts a server and waits until it is ready.
    pub async fn start(kind: Kind, programs: &Programs, hashes: Hashes) -> io::Result<Self> {
        Self::start_on(kind, programs, hashes, TempDir::with_prefix_in("natter-load-", &programs.data)?, None).await
    }

    /// Stops it and starts it again on the same data, to which something is done meanwhile: in its directory, or in the
    /// database of this URL.
    pub async fn restart(
        self,
        kind: Kind,
        programs: &Programs,
        hashes: Hashes,
        between: impl AsyncFnOnce(&Path, Option<&str>) -> io::Result<()>,
    ) -> io::Result<Self> {
        let Self { process, data, backing, .. } = self;
        let code = process.stop().await;
        if code != Some(0) {
            return Err(io::Error::other(format!("the server ended with {code:?}")));
        }
        between(data.path(), backing.as_ref().map(|backing| backing.postgres_url.as_str())).await?;
        Self::start_on(kind, programs, hashes, data, backing).await
    }

    async fn start_on(
        kind: Kind,
        programs: &Programs,
        hashes: Hashes,
        data: TempDir,
        backing: Option<Backing>,
    ) -> io::Result<Self> {
        // What is started inherits our cores.
        pin::to(&programs.server_cores)?;
        let started = Self::start_here(kind, programs, hashes, data, backing).await;
        pin::to(&programs.load_cores)?;
        started
    }

    async fn start_here(
        kind: Kind,
        programs: &Programs,
        hashes: Hashes,
        data: TempDir,
        backing: Option<Backing>,
    ) -> io::Result<Self> {
        let backing = match (kind, backing) {
            (Kind::Fleet, None) => {
                make_keys(programs, data.path()).await?;
                Some(Backing::start().await)
            }
            (_, backing) => backing,
        };
        if hashes == Hashes::CheapOnAllCores {
            pin::to(&[&programs.server_cores[..], &programs.load_cores].concat())?;
        }
        let mut vars = vec![
            ("CHAT_DEFAULT_ROOMS".to_owned(), String::new()),
            ("AUTH_ACCESS_TTL_SECONDS".to_owned(), "3600".to_owned()),
            // As it is by default; for tests `Process` turns it off.
            ("CHAT_STORE_FULL_LOG".to_owned(), "true".to_owned()),
        ];
        if let Some(backing) = &backing {
            vars.extend(backing.variables());
            for (name, file) in KEYS {
                vars.push((name.to_owned(), data.path().join(file).to_string_lossy().into_owned()));
            }
        }
        let hashes = if hashes == Hashes::Real { REAL_HASHES } else { CHEAP_HASHES };
        vars.extend(hashes.map(|(name, value)| (name.to_owned(), value.to_owned())));
        vars.extend(programs.variables.iter().cloned());
        let program = if kind == Kind::Floor { &programs.floor } else { &programs.natter };
        if !program.exists() {
            return Err(io::Error::other(format!("{} is missing: `make bench` builds it", program.display())));
        }
        let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let begun = Instant::now();
        let started = Process::start(&program.to_string_lossy(), data.path(), &vars).await;
        let process = started.map_err(|said| io::Error::other(format!("{} does not start: {said}", kind.name())))?;
        let started_in = begun.elapsed();
        let mut watched = vec![Watched::new("server", process.pid())];
        if let Some(backing) = &backing {
            watched.extend(backing.watched());
        }
        Ok(Self { addr: process.addr(), process, watched, started_in, backing, data })
    }

    /// Its processes as they are now: a database has grown some.
    pub fn look_again(&mut self) {
        self.watched = vec![Watched::new("server", self.process.pid())];
        if let Some(backing) = &self.backing {
            self.watched.extend(backing.watched());
        }
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Stops it.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// The files of the keys that a node of a fleet is given; a single process makes them.
const KEYS: [(&str, &str); 2] =
    [("AUTH_SIGNING_KEY_FILE", "auth_signing_key.pem"), ("AUTH_REFRESH_KEY_FILE", "auth_refresh_key")];

/// Lets a single process make its keys, and ends it.
async fn make_keys(programs: &Programs, data: &Path) -> io::Result<()> {
    let alone = Process::start(&programs.natter.to_string_lossy(), data, &[]).await;
    alone.map_err(|said| io::Error::other(format!("natter does not start: {said}")))?.stop().await;
    Ok(())
}

impl Backing {
    async fn start() -> Self {
        // One after the other: each inherits the cores of the thread that starts it.
        let postgres = PostgresServer::start_durable().await;
        let postgres_url = postgres.create_database().await;
        Self { postgres, postgres_url, redis: RedisServer::start().await, nats: NatsServer::start().await }
    }

    fn variables(&self) -> [(String, String); 4] {
        [
            ("POSTGRES_URL".to_owned(), self.postgres_url.clone()),
            ("REDIS_URL".to_owned(), self.redis.url()),
            ("NATS_URL".to_owned(), self.nats.url()),
            ("MIGRATE_ON_START".to_owned(), "true".to_owned()),
        ]
    }

    fn watched(&self) -> [Watched; 3] {
        [
            Watched::new("postgres", self.postgres.pid()),
            Watched::new("redis", self.redis.pid()),
            Watched::new("nats", self.nats.pid()),
        ]
    }
}
