//! People who meet: from the first start to the last line.

use std::num::NonZero;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::keys::Key;
use crate::pty::{Modes, Pty};
use crate::world::{PASSWORD, World, room, session_file};

fn assert_given_back(exit: &crate::pty::Exit) {
    assert!(!exit.has_alternate_screen && !exit.has_bracketed_paste && exit.has_cursor, "{exit:?}");
    assert_eq!(exit.modes, Modes::USUAL);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_sign_up_meet_in_a_room_talk_and_leave() {
    let world = World::start().await;
    let mut ada = Pty::start(world.command("ada", &[]), 80, 24);
    ada.wait_for("User name: ");
    ada.type_line("ada");
    ada.wait_for("Password for ada: ");
    ada.type_line(PASSWORD);
    ada.wait_for("Make a new account ada?");
    assert!(!ada.screen().contains(PASSWORD), "what is typed of a password is not shown");
    ada.type_line("y");
    ada.wait_for("The password again: ");
    ada.type_line(PASSWORD);
    ada.wait_for("E-mail address: ");
    ada.type_line("ada@example.org");
    ada.wait_for("connected");
    ada.type_line("/join development --create");
    ada.wait_for("[System] Joined room: development");

    world.account("bob").await;
    let mut bob = world.sits_down("bob", 100, 30);
    bob.type_line("/join development");
    bob.wait_for("[System] Joined room: development");
    ada.wait_for("bob joined");

    ada.type_line("Hey team!");
    ada.wait_for("[Sent to development] Hey team!");
    bob.wait_for("ada: Hey team!");
    bob.type_text("I am writing");
    ada.wait_for("bob is typing");
    bob.press(Key::Enter);
    ada.wait_for("bob: I am writing");
    ada.wait_until_gone("bob is typing");
    ada.type_line("/reply indeed");
    bob.wait_for("ada: indeed");
    bob.wait_for("bob: I am writing");
    bob.type_line("/me waves");
    ada.wait_for("bob waves");

    ada.type_line("/users development");
    ada.wait_for("[System] Users in development: ada, bob");
    ada.type_line("/users");
    ada.wait_for("[System] Users: ada, bob");
    ada.type_line("/edit oops");
    ada.wait_for("[System] This server does not offer editing");

    bob.type_line("/leave");
    bob.wait_for("[System] Returned to global chat");
    ada.wait_for("bob left");
    ada.type_line("/quit");
    let exit = ada.exit();
    assert_eq!(exit.code, 0);
    assert_given_back(&exit);
    bob.press(Key::Ctrl('d'));
    assert_eq!(bob.exit().code, 0);

    // The next start needs no password, and nobody else can read why.
    let file = session_file(&world.home_of("ada"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut ada = Pty::start(world.command("ada", &[]), 80, 24);
    ada.wait_for("connected");
    ada.type_line("/join development");
    // With who came and went meanwhile.
    ada.wait_until("the past", |screen| {
        ["#1 — the room was made", "#3 — bob joined", "ada: Hey team!", "— bob left"]
            .iter()
            .all(|text| screen.contents().contains(text))
    });
    ada.type_line("/signout");
    let exit = ada.exit();
    assert_eq!(exit.code, 0);
    assert_given_back(&exit);
    assert!(exit.screen.contains("Signed out."), "{}", exit.screen);
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_may_be_typed_again_and_ctrl_c_gives_the_terminal_back() {
    let world = World::start().await;
    world.account("ada").await;
    let mut pty = Pty::start(world.command("ada", &["--user", "ada"]), 80, 24);
    pty.wait_for("Password for ada: ");
    pty.type_line("not this one");
    pty.wait_for("or the password is wrong");
    pty.type_line("n");
    pty.wait_until("the question again", |screen| screen.contents().matches("Password for ada: ").count() == 2);
    pty.press(Key::Ctrl('c'));
    let exit = pty.exit();
    assert_eq!(exit.code, 130);
    assert_given_back(&exit);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_elsewhere_leads_back_to_the_password_and_keeps_what_was_typed() {
    let world = World::start().await;
    world.account("ada").await;
    let mut pty = world.sits_down("ada", 80, 24);
    pty.type_text("half a sentence");
    pty.wait_for("half a sentence");
    let token = world.token_of("ada");
    let rest = testkit::Rest::new(world.addr());
    rest.post("/v1/auth/signout", &token, serde_json::Value::Null).await;
    pty.wait_for("Your session has ended");
    pty.wait_until("the question again", |screen| screen.contents().matches("Password for ada: ").count() == 2);
    pty.type_line(PASSWORD);
    pty.wait_for("connected");
    pty.wait_for("half a sentence");
    pty.signal(Signal::TERM);
    let exit = pty.exit();
    assert_eq!(exit.code, 128 + 15);
    assert_given_back(&exit);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unread_is_counted_shown_and_marked_when_it_is_seen() {
    let world = World::start().await;
    world.account("ada").await;
    world.account("bob").await;
    let (ada, bob) = (world.client("ada").await, world.client("bob").await);
    let dev = room("dev", &[&ada, &bob]).await;
    let rest = testkit::Rest::new(world.addr());
    let person = rest.sign_in("bob", PASSWORD).await;
    let mut pty = world.sits_down("ada", 80, 24);
    for text in ["one", "two @ada", "three"] {
        rest.say(&person, &dev.to_string(), text).await;
    }
    pty.wait_for("@1 3");
    pty.press(Key::Alt('2'));
    pty.wait_for("bob: three");
    pty.wait_for("new ──");
    pty.wait_until_gone("@1 3");
    testkit::until("the mark has moved", async || {
        let rooms = ada.my_rooms().await.unwrap();
        rooms.iter().any(|mine| mine.room.id == dev && mine.unread == 0).then_some(())
    })
    .await;
    // Many lines that are pasted are one message, and are sent when Enter says so.
    pty.paste("a list:\n- first\n- second");
    pty.wait_for("- second");
    assert_eq!(pty.count("[Sent to dev]"), 0);
    pty.press(Key::Enter);
    pty.wait_for("[Sent to dev] a list:");
    let history = bob.history(dev, natter_client::Around::Newest, 1).await.unwrap();
    assert_eq!(history.items[0].body, "a list:\n- first\n- second");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_follows_its_size_and_does_without_colours() {
    let world = World::start().await;
    world.account("ada").await;
    let mut command = world.command("ada", &["--user", "ada"]);
    command.env("NO_COLOR", "1");
    let mut pty = Pty::start(command, 80, 24);
    pty.wait_for("Password for ada");
    pty.type_line(PASSWORD);
    pty.wait_for("connected");
    pty.type_line("日本語 and 👩‍👩‍👧 and a\u{301}");
    pty.wait_for("[Sent to global]");
    for (columns, rows) in [(40, 12), (120, 40), (40, 8), (80, 24)] {
        pty.resize(columns, rows);
        pty.wait_until("the text in its new place", |screen| {
            screen.size() == (NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap())
                && screen.contents().contains("日本語 and")
                && screen.contents().contains("connected")
        });
    }
    pty.resize(20, 5);
    pty.wait_for("small");
    pty.resize(80, 24);
    pty.wait_for("日本語");
    pty.press(Key::Ctrl('d'));
    let exit = pty.exit();
    let output = String::from_utf8_lossy(&exit.output).into_owned();
    let has_colour = output.split("\u{1b}[").skip(1).any(|sequence| {
        let Some((codes, _)) = sequence.split_once('m') else { return false };
        codes.split(';').any(|code| matches!(code, "31" | "32" | "33" | "34" | "35" | "36" | "38" | "48"))
            && codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
    });
    assert!(!has_colour, "there is a colour in what was written");
    assert_given_back(&exit);
}
