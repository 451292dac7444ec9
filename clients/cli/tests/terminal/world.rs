//! A server in a process of its own, and people who sit at terminals.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use natter_client::contract::chat::{CreateRoom, RoomKind};
use natter_client::{Address, Client, RoomId, Server};
use portable_pty::CommandBuilder;
use testkit::{Process, example};

use crate::keys::Key;
use crate::pty::Pty;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "a horse of the right colour";

/// A server, and the homes of those who use it.
pub(crate) struct World {
    process: Option<Process>,
    addr: SocketAddr,
    home: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let process = serve(home.path(), "127.0.0.1:0").await;
        Self { addr: process.addr(), process: Some(process), home }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Ends the server with SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.process.take().unwrap().kill().await;
    }

    /// Starts it again, on the same address and data.
    pub(crate) async fn revive(&mut self) {
        self.process = Some(serve(self.home.path(), &self.addr.to_string()).await);
    }

    fn remote(&self) -> Server {
        Server::new(self.addr.to_string().parse::<Address>().unwrap()).unwrap()
    }

    /// Makes an account.
    pub(crate) async fn account(&self, name: &str) {
        self.remote().sign_up(name, &format!("{name}@example.org"), PASSWORD).await.unwrap();
    }

    /// Signs somebody in who has an account, by the library.
    pub(crate) async fn client(&self, name: &str) -> Client {
        self.remote().sign_in(name, PASSWORD, "tests").await.unwrap()
    }

    /// Where somebody's home is.
    pub(crate) fn home_of(&self, name: &str) -> PathBuf {
        let home = self.home.path().join("homes").join(name);
        std::fs::create_dir_all(&home).unwrap();
        home
    }

    /// The access token of the session that somebody has at home.
    pub(crate) fn token_of(&self, name: &str) -> String {
        let saved = std::fs::read_to_string(session_file(&self.home_of(name))).unwrap();
        serde_json::from_str::<serde_json::Value>(&saved).unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    /// The program with these arguments, as somebody would start it at home.
    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_natter-cli"));
        command.args(["--addr", &self.addr.to_string()]);
        command.args(arguments);
        command.env_clear();
        command.env("HOME", self.home_of(name));
        command.env("TERM", "xterm-256color");
        command.env("TZ", "UTC");
        command
    }

    /// Somebody without a session starts the program, and types the password of an account that is there.
    pub(crate) fn sits_down(&self, name: &str, columns: u16, rows: u16) -> Pty {
        let mut pty = Pty::start(self.command(name, &["--user", name]), columns, rows);
        pty.wait_for(&format!("Password for {name}"));
        pty.type_line(PASSWORD);
        pty.wait_for("connected");
        pty
    }
}

async fn serve(home: &Path, addr: &str) -> Process {
    let vars = [("HTTP_ADDR", addr)];
    Process::start(&example("server_for_cli_tests"), &home.join("data"), &vars).await.unwrap()
}

impl Pty {
    pub(crate) fn type_line(&mut self, line: &str) {
        self.type_text(line);
        self.press(Key::Enter);
    }

    /// How often a text is on the screen.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.screen().matches(text).count()
    }
}

/// The only session file below a home.
pub(crate) fn session_file(home: &Path) -> PathBuf {
    let sessions = home.join(".local/state/natter/sessions");
    let server = std::fs::read_dir(sessions).unwrap().next().unwrap().unwrap().path();
    let mut files = std::fs::read_dir(server).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap()
}

/// Makes a public room with these people in it.
pub(crate) async fn room(name: &str, people: &[&Client]) -> RoomId {
    let room = CreateRoom { name: name.to_owned(), kind: RoomKind::Public, title: None, topic: None, metadata: None };
    let room = people[0].create_room(&room).await.unwrap();
    for person in &people[1..] {
        person.join(room.id).await.unwrap();
    }
    room.id
}
