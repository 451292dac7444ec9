//! Signals: they are heard whatever the program waits for, and those that were ignored stay ignored.

use std::io::BufReader;
use std::process::{Child, Command, Stdio};

use natter_client::{Client, NewMessage, RoomId};
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};

use super::{next_line, program, somebody};
use crate::pty::{Modes, Pty};
use crate::world::{PASSWORD, World, room};

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Its exit code, once it has one.
async fn code(child: &mut Child) -> Option<i32> {
    testkit::until("it has ended", async || child.try_wait().unwrap()).await.code()
}

async fn say(client: &Client, room: RoomId, body: &str) {
    let (live, _) = client.live(natter_client::LiveOptions::default());
    live.send(NewMessage::new(room, body)).await.unwrap().outcome().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_while_it_waits_for_input() {
    let world = World::start().await;
    somebody(&world, "ada").await;
    somebody(&world, "bob").await;
    let (ada, bob) = (world.client("ada").await, world.client("bob").await);
    let forms: [&[&str]; 2] = [&[], &["--lines"]];
    for (number, form) in forms.into_iter().enumerate() {
        let name = format!("room-{number}");
        let id = room(&name, &[&ada]).await;
        let arguments = [&["send", "--join", "--room", &name], form].concat();
        let mut child = program(&world, "bob", &arguments).spawn().unwrap();
        testkit::until("it has joined", async || {
            let rooms = bob.my_rooms().await.unwrap();
            rooms.iter().any(|mine| mine.room.id == id).then_some(())
        })
        .await;
        signal(&child, Signal::TERM);
        assert_eq!(code(&mut child).await, Some(143), "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_while_nobody_reads_what_it_writes() {
    let world = World::start().await;
    somebody(&world, "ada").await;
    let ada = world.client("ada").await;
    let dev = room("dev", &[&ada]).await;
    for _ in 0..12 {
        say(&ada, dev, &"x".repeat(8_000)).await;
    }
    let mut child = program(&world, "ada", &["tail", "--room", "dev", "-n", "100"]).spawn().unwrap();
    let out = child.stdout.take().unwrap();
    testkit::until("the pipe is full", async || (ioctl_fionread(&out).unwrap() > 56_000).then_some(())).await;
    signal(&child, Signal::INT);
    assert_eq!(code(&mut child).await, Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ignored_when_it_began_does_not_end_it() {
    let world = World::start().await;
    somebody(&world, "ada").await;
    let ada = world.client("ada").await;
    let dev = room("dev", &[&ada]).await;
    say(&ada, dev, "before").await;
    let program = program(&world, "ada", &["tail", "--room", "dev", "-n", "1"]);
    let mut shell = Command::new("sh");
    // What nohup does, and a shell for what it runs in the background.
    shell.args(["-c", "trap '' HUP INT; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    shell.env("HOME", world.home_of("ada")).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(next_line(&mut child, &mut out), "[dev] ada: before");
    signal(&child, Signal::HUP);
    signal(&child, Signal::INT);
    say(&ada, dev, "after").await;
    assert_eq!(next_line(&mut child, &mut out), "[dev] ada: after");
    signal(&child, Signal::TERM);
    assert_eq!(code(&mut child).await, Some(143));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_stays_hidden_when_the_program_was_stopped_meanwhile() {
    let world = World::start().await;
    world.account("ada").await;
    let mut pty = Pty::start(world.command("ada", &["--user", "ada"]), 80, 24);
    pty.wait_for("Password for ada: ");
    pty.signal(Signal::STOP);
    pty.reset_modes();
    pty.signal(Signal::CONT);
    pty.wait_until("the question again", |screen| screen.contents().matches("Password for ada: ").count() == 2);
    assert!(!pty.modes().echo);
    pty.type_line(PASSWORD);
    pty.wait_for("connected");
    pty.type_line("/quit");
    let exit = pty.exit();
    assert_eq!((exit.code, exit.modes), (0, Modes::USUAL));
    assert!(!String::from_utf8_lossy(&exit.output).contains(PASSWORD));
}
