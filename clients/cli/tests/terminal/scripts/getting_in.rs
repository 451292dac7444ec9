//! Getting in, or not: whose session it is, and what servers may answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use super::{program, program_at, run, somebody, text};
use crate::pty::Pty;
use crate::world::{PASSWORD, World};

/// A server that answers `/v1/meta` and everything else like this: each a status line's end, and a body.
fn answers(meta: (&'static str, &'static str), other: (&'static str, &'static str)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or(0);
            let (status, body) = if head[..length].starts_with(b"GET /v1/meta") { meta } else { other };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            // Whoever asked may be gone.
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    addr
}

const META: &str = r#"{"name": "natter", "version": "1.0.0", "subprotocols": [], "features": [],
    "limits": {"max_body_chars": 8000, "max_frame_bytes": 65536, "max_page": 200}}"#;

/// Lists rooms there, with a password; gives the exit code and what was complained about.
fn rooms_at(addr: SocketAddr, world: &World) -> (Option<i32>, String) {
    let password = world.home_of("ada").join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let arguments = ["--user", "ada", "--password-file", password.to_str().unwrap(), "rooms"];
    let output = program_at(&addr.to_string(), world, "ada", &arguments).output().unwrap();
    (output.status.code(), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_refused_is_told_safely_and_shows_in_the_exit_code() {
    let world = World::start().await;
    for (status, problem) in [
        ("429 Slow", r#"{"code": "rate-limited", "status": 429, "title": "", "detail": "Wait\u001b[2J a minute."}"#),
        (
            "403 No",
            r#"{"code": "account-disabled", "status": 403, "title": "", "detail": "Wait\u001b]0;x\u0007 here."}"#,
        ),
    ] {
        let (code, said) = rooms_at(answers(("200 OK", META), (status, problem)), &world);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("Wait") && !said.contains(['\u{1b}', '\u{7}']), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_natter_gets_no_password() {
    let world = World::start().await;
    for meta in [("404 Not Found", "<html>"), ("200 OK", "<html>"), ("200 OK", "{}")] {
        // Would it be asked, it would refuse the password.
        let refusal = r#"{"code": "invalid-credentials", "status": 401, "title": "No"}"#;
        let addr = answers(meta, ("401 No", refusal));
        let (code, said) = rooms_at(addr, &world);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("http://{addr} answers, but it is no Natter server.")), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_it_is_whoever_signed_in_last_and_not_whose_session_was_used_last() {
    let world = World::start().await;
    let sessions = world.home_of("home").join(".local/state/natter/sessions");
    for name in ["bot", "ada"] {
        world.account(name).await;
        let password = world.home_of("home").join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let arguments = ["--user", name, "--password-file", password.to_str().unwrap(), "rooms"];
        assert_eq!(run(&world, "home", &arguments, "").status.code(), Some(0));
    }
    // As if the bot had refreshed its session.
    let server = std::fs::read_dir(sessions).unwrap().next().unwrap().unwrap().path();
    let later = server.join("ada.json").metadata().unwrap().modified().unwrap() + Duration::from_secs(60);
    std::fs::File::options().append(true).open(server.join("bot.json")).unwrap().set_modified(later).unwrap();
    let whose = || text(&run(&world, "home", &[], "/signout\n").stdout);
    assert!(whose().contains("Signed in as ada"));
    assert!(whose().contains("Signed in as bot"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_server_did_not_take_of_a_new_account_is_asked_for_again() {
    let world = World::start().await;
    let mut pty = Pty::start(world.command("ada", &[]), 80, 24);
    for (question, answer) in [
        ("User name: ", "ada !"),
        ("Password for ada !: ", PASSWORD),
        ("Make a new account", "y"),
        ("The password again: ", PASSWORD),
        ("E-mail address: ", "ada@example.org"),
        ("Another user name: ", "ada"),
    ] {
        pty.wait_for(question);
        pty.type_line(answer);
    }
    pty.wait_for("connected");
    assert!(pty.screen().contains("ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_beyond_the_log_is_no_place_to_wait_at() {
    let world = World::start().await;
    somebody(&world, "ada").await;
    for more in [&["--no-follow"][..], &[]] {
        let arguments = [&["tail", "--room", "global", "--after", "999999"], more].concat();
        let output = run(&world, "ada", &arguments, "");
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("no place 999999"), "{}", text(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_hears_the_complaint_changes_the_exit_code() {
    let world = World::start().await;
    let mut child = program(&world, "ada", &["rooms"]).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
}
