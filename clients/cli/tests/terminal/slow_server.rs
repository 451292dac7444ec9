//! A server that is far away: what is done while an answer is on its way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use natter_client::Around;
use portable_pty::CommandBuilder;
use testkit::Rest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::keys::Key;
use crate::pty::Pty;
use crate::world::{PASSWORD, World, room};

/// How long an answer takes, when the line is long.
const LATENCY: Duration = Duration::from_millis(700);

/// A line to a server, which may become long: then what the server says comes late, on the WebSocket as well.
struct Line {
    addr: SocketAddr,
    is_long: Arc<AtomicBool>,
}

impl Line {
    async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let is_long = Arc::new(AtomicBool::new(false));
        let long = Arc::clone(&is_long);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let long = Arc::clone(&long);
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(target).await else { return };
                    let (mut from_near, mut to_near) = near.into_split();
                    let (mut from_far, mut to_far) = far.into_split();
                    let there = tokio::io::copy(&mut from_near, &mut to_far);
                    let back = async {
                        let mut buffer = [0; 64 * 1024];
                        while let Ok(read @ 1..) = from_far.read(&mut buffer).await {
                            if long.load(Ordering::SeqCst) {
                                let _ = tokio::time::timeout(LATENCY, std::future::pending::<()>()).await;
                            }
                            if to_near.write_all(&buffer[..read]).await.is_err() {
                                return;
                            }
                        }
                    };
                    tokio::select! {
                        _ = there => {}
                        () = back => {}
                    }
                });
            }
        });
        Self { addr, is_long }
    }

    /// Somebody sits down at the end of the line.
    fn sits_down(&self, world: &World, name: &str) -> Pty {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_natter-cli"));
        command.args(["--addr", &self.addr.to_string(), "--user", name]);
        command.env_clear();
        command.env("HOME", world.home_of(name));
        command.env("TERM", "xterm-256color");
        let mut pty = Pty::start(command, 80, 24);
        pty.wait_for(&format!("Password for {name}"));
        pty.type_line(PASSWORD);
        pty.wait_for("connected");
        pty
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_on_the_way_to_a_room_is_said_there() {
    let world = World::start().await;
    world.account("ada").await;
    world.account("bob").await;
    let bob = world.client("bob").await;
    let dev = room("dev", &[&bob]).await;
    let line = Line::to(world.addr()).await;
    let mut ada = line.sits_down(&world, "ada");
    line.is_long.store(true, Ordering::SeqCst);
    ada.type_line("/join dev");
    ada.type_line("this is meant for dev");
    ada.type_line("/leave");
    ada.type_line("and this for everybody");
    ada.wait_for("Returned to global chat");
    ada.wait_for("ada: and this for everybody");
    testkit::until("it has arrived", async || {
        let history = bob.history(dev, Around::Newest, 10).await.unwrap();
        (history.items.iter().map(|item| item.body.as_str()).collect::<Vec<_>>() == ["this is meant for dev"])
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messages_of_a_room_that_was_left_are_not_shown_in_another() {
    let world = World::start().await;
    world.account("ada").await;
    world.account("bob").await;
    let (ada, bob) = (world.client("ada").await, world.client("bob").await);
    let dev = room("dev", &[&bob, &ada]).await;
    let rest = Rest::new(world.addr());
    let person = rest.sign_in("bob", PASSWORD).await;
    let home = ada.my_rooms().await.unwrap().into_iter().find(|mine| mine.room.id != dev).unwrap().room.id;
    for number in 0..5 {
        rest.say(&person, &dev.to_string(), &format!("secret {number}")).await;
        rest.say(&person, &home.to_string(), &format!("public {number}")).await;
    }
    let line = Line::to(world.addr()).await;
    let mut pty = line.sits_down(&world, "ada");
    pty.wait_for("public 4");
    line.is_long.store(true, Ordering::SeqCst);
    // The page is on its way, and the room is left before it is there.
    pty.press(Key::Alt('2'));
    pty.type_line("/leave");
    pty.wait_for("Returned to global chat");
    line.is_long.store(false, Ordering::SeqCst);
    pty.type_line("/rooms");
    pty.wait_for("To join: dev");
    let screen = pty.screen();
    assert!(!screen.contains("secret"), "{screen}");
    assert!((0..5).all(|number| screen.contains(&format!("public {number}"))), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sent_when_a_session_ends_is_sent_by_the_next_one() {
    let mut world = World::start().await;
    world.account("ada").await;
    let mut pty = world.sits_down("ada", 80, 24);
    let ada = world.client("ada").await;
    let rest = Rest::new(world.addr());
    let token = world.token_of("ada");
    world.kill().await;
    pty.wait_for("reconnecting");
    pty.type_line("precious words");
    pty.wait_for("(waiting");
    // The session ends before the screen has heard that the server is back.
    pty.signal(rustix::process::Signal::STOP);
    world.revive().await;
    rest.post("/v1/auth/signout", &token, serde_json::Value::Null).await.expect(204);
    pty.signal(rustix::process::Signal::CONT);
    pty.wait_for("Your session has ended");
    pty.wait_until("the question again", |screen| screen.contents().matches("Password for ada: ").count() == 2);
    pty.type_line(PASSWORD);
    pty.wait_for("ada: precious words");
    testkit::until("it has arrived", async || {
        let home = ada.my_rooms().await.unwrap()[0].room.id;
        let history = ada.history(home, Around::Newest, 10).await.unwrap();
        (history.items.iter().filter(|item| item.body == "precious words").count() == 1).then_some(())
    })
    .await;
}
