//! The harness itself, with programs that everybody has.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::Signal;

use crate::keys::Key;
use crate::pty::{Modes, Pty};

fn shell(script: &str) -> Pty {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", script]);
    Pty::start(command, 80, 24)
}

#[test]
fn what_is_typed_reaches_the_program_and_what_it_writes_is_seen() {
    let mut pty = shell("printf 'name? '; read -r name; echo \"hello $name\"; exit 3");
    pty.wait_for("name? ");
    assert_eq!((pty.screen().as_str(), pty.cursor()), ("name? ", (0, 6)));
    pty.type_text("ada");
    pty.press(Key::Enter);
    let exit = pty.exit();
    assert_eq!((exit.code, exit.signal.as_deref()), (3, None));
    assert!(exit.screen.contains("hello ada"), "{exit:?}");
    assert!(exit.output.ends_with(b"hello ada\r\n"));
    assert_eq!(exit.modes, Modes::USUAL);
    assert!(exit.has_cursor && !exit.has_alternate_screen && !exit.has_bracketed_paste);
}

#[test]
fn the_program_sees_the_size_and_a_change_of_it() {
    let mut pty = shell("stty size; read -r line; stty size; read -r line");
    pty.wait_for("24 80");
    pty.resize(100, 30);
    pty.press(Key::Enter);
    pty.wait_for("30 100");
}

#[test]
fn the_modes_that_a_program_leaves_behind_are_told() {
    let pty = shell("stty -echo -icanon");
    assert_eq!(pty.exit().modes, Modes { echo: false, canonical: false, signals: true });
}

#[test]
fn the_signal_that_ends_a_program_is_told() {
    let pty = shell("echo ready; while :; do read -r line; done");
    pty.wait_for("ready");
    pty.signal(Signal::TERM);
    assert!(pty.exit().signal.is_some_and(|name| name.contains("Terminated")));
}

#[test]
fn a_paste_has_brackets_where_the_program_wants_them() {
    let mut pty =
        shell("printf '\\033[?1049h\\033[?2004h'; stty raw -echo; echo ready; dd bs=1 count=17 2>/dev/null | cat -v");
    pty.wait_for("ready");
    assert!(pty.has_alternate_screen() && pty.has_bracketed_paste());
    pty.paste("one\ntwo");
    pty.wait_for("^[[200~one^Mtwo^");
    assert!(pty.exit().has_alternate_screen);
}

#[test]
fn who_waits_in_vain_is_shown_the_screen() {
    let pty = shell("echo something else; read -r line").with_patience(Duration::from_millis(300));
    pty.wait_for("something else");
    let failure = catch_unwind(AssertUnwindSafe(|| pty.wait_for("nothing"))).unwrap_err();
    let message = failure.downcast::<String>().unwrap();
    assert!(message.contains("for \"nothing\"") && message.contains("something else"), "{message}");
    pty.wait_until_gone("nothing");
}
