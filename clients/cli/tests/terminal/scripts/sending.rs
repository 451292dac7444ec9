//! `send` in pipes: what goes in goes out, whoever reads the answers, and nobody waits for ever.

use std::io::{BufReader, Write};
use std::net::TcpListener;

use natter_client::Around;

use super::{next_line, program, program_at, run, somebody, text};
use crate::world::{PASSWORD, World, room};

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_sent_though_nobody_reads_the_answers() {
    let world = World::start().await;
    somebody(&world, "ada").await;
    let ada = world.client("ada").await;
    let dev = room("dev", &[&ada]).await;
    let mut child = program(&world, "ada", &["send", "--lines", "--room", "dev"]).spawn().unwrap();
    drop(child.stdout.take());
    let lines: Vec<String> = (1..=150).map(|number| number.to_string()).collect();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let history = ada.history(dev, Around::Newest, 200).await.unwrap();
    assert_eq!(history.items.iter().map(|item| item.body.clone()).collect::<Vec<_>>(), lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_sent_when_it_comes_and_one_that_is_no_message_ends_it() {
    let world = World::start().await;
    somebody(&world, "ada").await;
    let mut child = program(&world, "ada", &["send", "--lines", "--room", "global"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for line in ["one", "two"] {
        writeln!(input, "{line}").unwrap();
        assert_eq!(next_line(&mut child, &mut out), format!("[Sent to global] {line}"));
    }
    write!(input, "three\n{}\nfour\n", "x".repeat(8_001)).unwrap();
    assert_eq!(next_line(&mut child, &mut out), "[Sent to global] three");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("8001 characters"), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up_before_there_is_anything_to_send() {
    let world = World::start().await;
    // It takes connections, and that is all.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = silent.local_addr().unwrap().to_string();
    let password = world.home_of("ada").join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let who = ["--user", "ada", "--password-file", password.to_str().unwrap()];
    let arguments = [&who[..], &["send", "--timeout", "1", "--room", "dev", "hello"]].concat();
    let begun = std::time::Instant::now();
    let output = program_at(&addr, &world, "ada", &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(begun.elapsed().as_secs() < 10);
    // A room is looked for no longer than that, either.
    somebody(&world, "bob").await;
    let sessions = world.home_of("bob").join(".local/state/natter/sessions");
    let encoded = |addr: &str| sessions.join(format!("http%3a%2f%2f{}", addr.replace(':', "%3a")));
    let (known, elsewhere) = (world.addr().to_string(), encoded(&addr));
    std::fs::create_dir(&elsewhere).unwrap();
    let session = std::fs::read_to_string(encoded(&known).join("bob.json")).unwrap();
    std::fs::write(elsewhere.join("bob.json"), session.replace(&known, &addr)).unwrap();
    let begun = std::time::Instant::now();
    let send = ["send", "--timeout", "1", "--room", "dev", "hello"];
    let output = program_at(&addr, &world, "bob", &send).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(begun.elapsed().as_secs() < 10);
    let wrong = run(&world, "bob", &["send", "--timeout", "0", "--room", "global", "hello"], "");
    assert_eq!(wrong.status.code(), Some(2));
}
