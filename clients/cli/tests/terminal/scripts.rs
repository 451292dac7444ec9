//! Without a screen: pipes, scripts and exit codes.

mod getting_in;
mod sending;
mod signalled;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::world::{PASSWORD, World, room};

/// The program, as a script of somebody would call it.
fn program(world: &World, name: &str, arguments: &[&str]) -> Command {
    let addr = world.addr().to_string();
    program_at(&addr, world, name, arguments)
}

/// The same with another address.
pub(crate) fn program_at(addr: &str, world: &World, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natter-cli"));
    command.args(["--addr", addr]).args(arguments);
    command.env_clear().env("HOME", world.home_of(name));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it with this input.
fn run(world: &World, name: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = program(world, name, arguments).spawn().unwrap();
    // It may end without having read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Makes an account and signs it in, as one would do once by hand.
async fn somebody(world: &World, name: &str) {
    world.account(name).await;
    let file = world.home_of(name).join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let output = run(world, name, &["--user", name, "--password-file", file.to_str().unwrap(), "rooms"], "");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "global\n"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_go_in_and_come_out_with_the_same_commands_as_on_the_screen() {
    let world = World::start().await;
    somebody(&world, "ada").await;
    let input = "/join development --create\nHey team!\n/users development\n/users\n/me waves\n\n/members\n/history 5\n/leave\n/quit\nnot read\n";
    let output = run(&world, "ada", &["--plain"], input);
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "[System] Joined room: development",
            "[Sent to development] Hey team!",
            "[System] Users in development: ada",
            "[System] Users: ada",
            "[Sent to development] * ada waves",
            "[System] Members of development: ada (owner)",
            "[development] ada: Hey team!",
            "[development] * ada waves",
            "[System] Returned to global chat",
        ]
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // A pipe needs no --plain, the last line no end, and what cannot be done shows in the exit code.
    let output = run(&world, "ada", &[], "/jion nowhere\n/join nowhere\n/edit x\n/sessions");
    let said = text(&output.stdout);
    assert!(said.contains("[System] Unknown command /jion. Did you mean /join?"), "{said}");
    assert!(said.contains("[System] There is no room nowhere. /join nowhere --create makes it."), "{said}");
    assert!(said.contains("[System] This server does not offer editing and deleting messages yet."), "{said}");
    assert!(said.contains("[System] This server does not offer managing sessions yet."), "{said}");
    assert_eq!(output.status.code(), Some(1));
    let output = run(&world, "ada", &[], "/signout\n");
    assert!(text(&output.stdout).ends_with("[System] Signed out.\n"), "{output:?}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(run(&world, "ada", &["rooms"], "").status.code(), Some(3));
}

/// The next line of a program that goes on.
fn next_line(child: &mut Child, out: &mut BufReader<std::process::ChildStdout>) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "it has ended: {:?}", child.wait());
    line.trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_by_one_script_is_followed_by_another() {
    let mut world = World::start().await;
    somebody(&world, "ada").await;
    somebody(&world, "bob").await;
    let (ada, bob) = (world.client("ada").await, world.client("bob").await);
    let dev = room("dev", &[&ada]).await;
    let output = run(&world, "bob", &["tail", "--room", "dev"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--join joins it"));
    let mut tail = program(&world, "bob", &["tail", "--room", "dev", "--json", "--join"]).spawn().unwrap();
    let mut out = BufReader::new(tail.stdout.take().unwrap());
    // It begins where it has joined.
    testkit::until("bob has joined", async || {
        let rooms = bob.my_rooms().await.unwrap();
        rooms.iter().any(|mine| mine.room.id == dev).then_some(())
    })
    .await;
    let head = ada.room(dev).await.unwrap().room.head_seq;
    let output = run(&world, "ada", &["send", "--room", "dev"], "a file\nof two lines\n");
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(0), "[Sent to dev] a file\n    of two lines\n")
    );
    let output = run(&world, "ada", &["send", "--room", "dev", "--lines", "--json"], "one\n\ntwo\n");
    assert_eq!(output.status.code(), Some(0));
    let answers: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let event: Value = serde_json::from_str(&next_line(&mut tail, &mut out)).unwrap();
        if event["seq"].as_u64() > Some(head) {
            assert_eq!(event["room_id"], dev.to_string());
            heard.push(event["data"]["body"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(heard, ["a file\nof two lines", "one", "two"]);
    // It goes on when the server is back, and says on standard error what happened meanwhile.
    world.kill().await;
    world.revive().await;
    let output = run(&world, "ada", &["send", "--room", "dev", "after", "all"], "");
    assert_eq!(output.status.code(), Some(0));
    let event: Value = serde_json::from_str(&next_line(&mut tail, &mut out)).unwrap();
    assert_eq!(event["data"]["body"], "after all");
    tail.kill().unwrap();
    let output = run(&world, "ada", &["tail", "--room", "dev", "-n", "2", "--no-follow"], "");
    assert_eq!(text(&output.stdout), "[dev] ada: two\n[dev] ada: after all\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_what_went_wrong() {
    let mut world = World::start().await;
    somebody(&world, "ada").await;
    let code = |output: &Output| output.status.code();
    let rooms = run(&world, "ada", &["rooms", "--json"], "");
    let rooms: Value = serde_json::from_slice(&rooms.stdout).unwrap();
    assert_eq!(rooms[0]["room"]["name"], "global");
    assert_eq!(code(&run(&world, "ada", &["--no-such-option"], "")), Some(2));
    assert_eq!(code(&run(&world, "ada", &["send", "--room", "global"], " \n")), Some(2));
    assert_eq!(code(&run(&world, "ada", &["send", "--room", "global", &"x".repeat(8_001)], "")), Some(2));
    assert_eq!(code(&run(&world, "ada", &["send", "--room", "nowhere", "x"], "")), Some(1));
    let stranger = run(&world, "eve", &["--user", "eve", "rooms"], "");
    assert_eq!(code(&stranger), Some(3));
    assert!(text(&stranger.stderr).contains("--user eve"), "{}", text(&stranger.stderr));
    let wrong = world.home_of("eve").join("password");
    std::fs::write(&wrong, "wrong").unwrap();
    let refused = ["--user", "ada", "--password-file", wrong.to_str().unwrap(), "rooms"];
    assert_eq!(code(&run(&world, "eve", &refused, "")), Some(3));
    world.kill().await;
    let away = run(&world, "ada", &["rooms"], "");
    assert_eq!(code(&away), Some(4));
    assert!(text(&away.stderr).contains(&world.addr().to_string()), "{}", text(&away.stderr));
    let help = run(&world, "ada", &["--help"], "");
    assert_eq!(code(&help), Some(0));
    for word in ["--addr", "--user", "--plain", "send", "tail", "rooms", "localhost:8080", "Exit codes"] {
        assert!(text(&help.stdout).contains(word), "--help does not tell of {word}");
    }
}
