//! That the terminal is given back: each test runs a scene, a copy of this program, in a terminal of its own.

use std::io;

use natter_cli::screen::{Signal, Signals, Terminal};
use portable_pty::CommandBuilder;
use ratatui::text::Line;
use rustix::process::Signal as Process;

use crate::keys::Key;
use crate::pty::{Modes, Pty};

/// Names the scene that the copy shall play.
const SCENE: &str = "NATTER_TERMINAL_SCENE";

fn wait_for_a_key() {
    let mut byte = [0];
    io::Read::read_exact(&mut io::stdin(), &mut byte).unwrap();
}

/// Does nothing unless it is a copy.
#[test]
fn scene() {
    let Ok(name) = std::env::var(SCENE) else { return };
    let mut terminal = Terminal::enter().unwrap();
    let show = |terminal: &mut Terminal, text: &str| {
        terminal.draw(|frame| frame.render_widget(Line::raw(text.to_owned()), frame.area())).unwrap();
    };
    if name == "signals" {
        obey_signals(&mut terminal);
        drop(terminal);
        return println!("the curtain falls");
    }
    show(&mut terminal, "the scene is on");
    wait_for_a_key();
    match name.as_str() {
        "leave" => {}
        "panic" => panic!("the roof is on fire"),
        "panic elsewhere" => {
            let other = std::thread::spawn(|| panic!("the cellar is full of water"));
            assert!(other.join().is_err());
            let refused = terminal.draw(|_| ()).unwrap_err();
            println!("drawing: {refused}");
        }
        "suspend" => {
            terminal.suspend().unwrap();
            show(&mut terminal, "the scene goes on");
            wait_for_a_key();
        }
        other => panic!("there is no scene {other}"),
    }
    drop(terminal);
    println!("the curtain falls");
}

/// Until SIGTERM comes.
#[tokio::main(flavor = "current_thread")]
async fn obey_signals(terminal: &mut Terminal) {
    let mut signals = Signals::listen().unwrap();
    terminal.draw(|frame| frame.render_widget(Line::raw("the scene is on"), frame.area())).unwrap();
    let mut times = 0;
    loop {
        match signals.next().await {
            Signal::Continued => terminal.continued().unwrap(),
            Signal::Terminate => return,
            other => panic!("nobody sent {other:?}"),
        }
        times += 1;
        terminal.draw(|frame| frame.render_widget(Line::raw(format!("continued {times}")), frame.area())).unwrap();
    }
}

fn scene_command(name: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "guard::scene", "--nocapture", "--test-threads=1"]);
    command.env(SCENE, name);
    command
}

fn play(name: &str) -> Pty {
    let pty = Pty::start(scene_command(name), 60, 12);
    pty.wait_for("the scene is on");
    assert!(pty.has_alternate_screen() && pty.has_bracketed_paste());
    assert_eq!(pty.modes(), Modes { echo: false, canonical: false, signals: false });
    pty
}

fn assert_given_back(mut pty: Pty, last_words: &str) {
    pty.press(Key::Enter);
    let exit = pty.exit();
    assert_eq!(exit.modes, Modes::USUAL, "{exit:?}");
    assert!(!exit.has_alternate_screen && !exit.has_bracketed_paste && exit.has_cursor, "{exit:?}");
    let output = String::from_utf8_lossy(&exit.output);
    let (_, afterwards) = output.rsplit_once("\x1b[?1049l").unwrap();
    assert!(afterwards.contains(last_words), "{afterwards}");
    assert!(!exit.screen.contains("the scene"), "{}", exit.screen);
}

#[test]
fn the_terminal_is_given_back_in_the_end() {
    assert_given_back(play("leave"), "the curtain falls");
}

#[test]
fn the_terminal_is_given_back_before_a_panic_is_told() {
    assert_given_back(play("panic"), "the roof is on fire");
}

#[test]
fn after_a_panic_of_another_thread_nothing_is_drawn_over_its_message() {
    assert_given_back(play("panic elsewhere"), "drawing: the screen was given up after a panic");
}

#[test]
fn a_stopped_program_gives_the_terminal_to_the_shell_and_takes_it_again() {
    let mut command = CommandBuilder::new("sh");
    // The shell has job control, and tells what it finds when the program has stopped.
    let program = "\"$0\" --exact guard::scene --nocapture --test-threads=1";
    command.args(["-c", &format!("set -m; {program}; echo stopped; stty -a | grep -o ' .icanon'; read -r line; fg")]);
    command.arg(std::env::current_exe().unwrap());
    command.env(SCENE, "suspend");
    let mut pty = Pty::start(command, 60, 12);
    pty.wait_for("the scene is on");
    pty.press(Key::Enter);
    pty.wait_for("stopped");
    assert!(!pty.has_alternate_screen() && !pty.has_bracketed_paste());
    assert_eq!(pty.modes(), Modes::USUAL);
    pty.press(Key::Enter);
    pty.wait_for("the scene goes on");
    assert!(pty.has_alternate_screen() && pty.has_bracketed_paste());
    assert_given_back(pty, "the curtain falls");
}

#[test]
fn a_program_that_was_stopped_from_outside_takes_the_terminal_again_and_ends_cleanly() {
    let pty = play("signals");
    pty.signal(Process::STOP);
    pty.reset_modes();
    assert_eq!(pty.modes(), Modes::USUAL);
    pty.signal(Process::CONT);
    pty.wait_for("continued 1");
    assert!(!pty.modes().canonical);
    pty.signal(Process::TERM);
    let exit = pty.exit();
    assert_eq!((exit.code, exit.modes), (0, Modes::USUAL), "{exit:?}");
    assert!(!exit.has_alternate_screen);
}
