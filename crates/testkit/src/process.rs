//! A server as a process of its own, which can be killed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::Rest;

/// A running server. It is killed when the value is dropped.
pub struct Process {
    child: Child,
    addr: SocketAddr,
    _stdout: BufReader<ChildStdout>,
}

/// The path of an example of the crate whose tests call this: cargo has built it beside them.
///
/// # Panics
/// When it is not there, as when one test program alone was built.
pub fn example(name: &str) -> String {
    let this = std::env::current_exe().expect("a program knows where it is");
    let path = this.ancestors().nth(2).expect("tests are in target/<profile>/deps").join("examples").join(name);
    assert!(path.exists(), "{} is missing: build it with `cargo build --examples`", path.display());
    path.to_str().expect("the path is UTF-8").to_owned()
}

impl Process {
    /// Starts `program` on a free port with its data in `data_dir`, and waits until it says where it listens. Password
    /// hashing is made cheap, limits are off and the write-ahead log is short, unless `vars` say otherwise.
    ///
    /// # Errors
    /// What the program wrote to standard error, when it ends instead.
    pub async fn start(program: &str, data_dir: &Path, vars: &[(&str, &str)]) -> Result<Self, String> {
        let mut child = Command::new(program)
            .env_clear()
            .env("HTTP_ADDR", "127.0.0.1:0")
            .env("DATA_DIR", data_dir)
            .env("LIMITS_ENABLED", "false")
            .env("AUTH_HASH_MEMORY_KIB", "8192")
            .env("AUTH_HASH_PASSES", "1")
            .env("CHAT_STORE_FULL_LOG", "false")
            .env("LOG_FILTER", "warn")
            .envs(vars.iter().copied())
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program can be started");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while stdout.read_line(&mut line).await.unwrap() > 0 {
            if let Some((_, rest)) = line.split_once("http://") {
                let addr = rest.split_whitespace().next().unwrap().parse().unwrap();
                let stderr = child.stderr.take().unwrap();
                // Read on, so that the program never waits for us.
                tokio::spawn(async move {
                    let mut lines = BufReader::new(stderr).lines();
                    while let Ok(Some(line)) = lines.next_line().await {
                        eprintln!("server: {line}");
                    }
                });
                return Ok(Self { child, addr, _stdout: stdout });
            }
            line.clear();
        }
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).await.unwrap();
        Err(said)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its REST clients.
    pub fn rest(&self) -> Rest {
        Rest::new(self.addr)
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id().expect("it runs")).unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Ends it with SIGKILL, at once.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop with SIGTERM, and gives its exit code.
    pub async fn stop(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.exit(Duration::from_secs(30)).await
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn exit(&mut self, within: Duration) -> Option<i32> {
        tokio::time::timeout(within, self.child.wait()).await.expect("it ends in time").unwrap().code()
    }

    /// Its resident memory in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}
