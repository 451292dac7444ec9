//! A server process, and beside it a supervisor that ends it when we are no longer there to do so.
//!
//! A process that is killed cleans up nothing, so somebody else has to. `supervise.sh` starts the server and waits at a
//! pipe of which we hold the other end; that end is closed when our process is gone, however it went.

use std::fmt;
use std::fs::read_to_string;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicI32, AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::port;

/// How long a server may take until it answers: PostgreSQL makes its files first, and machines are busy.
const START_WITHIN: Duration = Duration::from_secs(30);

/// How often it is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// What is different from server to server.
pub(super) struct Kind {
    /// Its name for `tools/servers/find`.
    pub(super) name: &'static str,
    /// A shell command to run before the first start. It is not cut short: what it would leave behind outside of the
    /// server's directory, nobody could find.
    pub(super) prepare: &'static str,
    /// A shell command that becomes the server: in its directory, on `$PORT`, with what was found as `$PROGRAM`.
    pub(super) run: &'static str,
    /// A shell command that removes what a killed server leaves behind outside of its directory.
    pub(super) clean: &'static str,
    /// Whether it refuses to run as root.
    pub(super) unprivileged: bool,
    /// Whether this very server answers by now. Somebody else's may have taken the port.
    pub(super) answers: fn(&Supervised) -> bool,
}

/// A server and its supervisor.
pub(super) struct Supervised {
    kind: &'static Kind,
    directory: PathBuf,
    /// The same for ever once it has answered there.
    port: AtomicU16,
    /// Of its last start.
    pid: AtomicI32,
    /// One command at a time.
    supervisor: Mutex<Supervisor>,
}

struct Supervisor {
    process: Child,
    /// `None` once the supervisor was told to end.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Supervised {
    /// Starts a server with no data on a free port.
    pub(super) fn start(kind: &'static Kind) -> Self {
        let (supervisor, directory) = Supervisor::start(kind);
        let (port, pid) = (AtomicU16::new(0), AtomicI32::new(0));
        let server = Self { kind, directory, port, pid, supervisor: Mutex::new(supervisor) };
        let prepared = server.supervisor().ask("prepare");
        assert_eq!(prepared, "ok", "{} cannot be prepared. The log:\n{}", kind.name, server.log());
        server.run(&mut server.supervisor(), port::free);
        server
    }

    pub(super) fn port(&self) -> u16 {
        self.port.load(Ordering::Relaxed)
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.load(Ordering::Relaxed)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn kill(&self) {
        self.supervisor().ask("kill");
    }

    pub(super) fn restart(&self) {
        let mut supervisor = self.supervisor();
        supervisor.ask("kill");
        let port = self.port();
        self.run(&mut supervisor, || port);
    }

    pub(super) fn pause(&self) {
        self.tell_running("pause");
    }

    pub(super) fn resume(&self) {
        self.tell_running("resume");
    }

    fn tell_running(&self, command: &str) {
        let mut supervisor = self.supervisor();
        assert!(supervisor.runs(), "{command}: {} does not run", self.kind.name);
        supervisor.ask(command);
    }

    /// Runs it on such a port and waits until it answers.
    fn run(&self, supervisor: &mut Supervisor, port: impl Fn() -> u16) {
        let begun = Instant::now();
        loop {
            let port = port();
            self.port.store(port, Ordering::Relaxed);
            self.pid.store(supervisor.ask(&format!("start {port}")).parse().unwrap(), Ordering::Relaxed);
            while supervisor.runs() && begun.elapsed() < START_WITHIN {
                if (self.kind.answers)(self) {
                    return;
                }
                sleep(ASK_EVERY);
            }
            let log = self.log();
            // Between our choice and its start, or while it was away, somebody took the port.
            let taken = log.to_ascii_lowercase().contains("address already in use");
            assert!(
                taken && begun.elapsed() < START_WITHIN,
                "{} does not answer on port {port}, after {:?}. Its log:\n{log}",
                self.kind.name,
                begun.elapsed()
            );
            supervisor.ask("kill");
        }
    }

    fn log(&self) -> String {
        read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    fn supervisor(&self) -> MutexGuard<'_, Supervisor> {
        // Whoever failed while they held it has said so.
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Supervised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on port {}, process {}, in {:?}", self.kind.name, self.port(), self.pid(), self.directory)
    }
}

impl Supervisor {
    /// Starts the supervisor of a server that does not run yet; gives the server's directory as well.
    fn start(kind: &Kind) -> (Self, PathBuf) {
        let places = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
        let mut process = Command::new("/bin/sh")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/servers/supervise.sh"))
            .args(&places)
            .env_clear()
            // English, so that a port that is taken can be told; none of the variables that PostgreSQL reads.
            .env("LC_ALL", "C")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("NAME", kind.name)
            .env("PROGRAM", program(kind.name))
            .env("PREPARE", kind.prepare)
            .env("RUN", kind.run)
            .env("CLEAN", kind.clean)
            .env("UNPRIVILEGED", if kind.unprivileged { "yes" } else { "no" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Not ours: whoever reads our output until its end would wait for the supervisor.
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to a whole group.
            .process_group(0)
            .spawn()
            .expect("there is a shell");
        let commands = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut supervisor = Self { process, commands, answers };
        let directory = supervisor.answer().unwrap_or_else(|| {
            panic!(
                "{} has no place for its data: none of {places:?} will do. For root, {} is run by the user postgres or \
                 nobody, who must be able to get there; that takes setpriv, of util-linux.",
                kind.name, kind.name
            )
        });
        (supervisor, directory.into())
    }

    fn ask(&mut self, command: &str) -> String {
        let commands = self.commands.as_mut().expect("it was not told to end");
        let told = writeln!(commands, "{command}");
        told.ok().and_then(|()| self.answer()).expect("nobody ends the supervisor but us")
    }

    fn answer(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    fn runs(&mut self) -> bool {
        self.ask("alive") == "ok"
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // It reads the end of its input, ends the server, removes the data and goes.
        self.commands = None;
        let _ = self.process.wait();
    }
}

/// Where the server's program is.
fn program(name: &str) -> String {
    let find = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/servers/find");
    let found = Command::new(find).arg(name).output().expect("tools/servers/find can be run");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    String::from_utf8(found.stdout).unwrap().trim_end().to_owned()
}
