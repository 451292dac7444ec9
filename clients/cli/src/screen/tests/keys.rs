//! What the keys lead to.

use super::*;

fn fixture() -> Fixture {
    let mut fixture = Fixture::new(80, 24, view(numbered(1..=3)));
    fixture.draw();
    fixture
}

#[test]
fn a_text_is_submitted_and_the_others_hear_of_the_typing() {
    let mut fixture = fixture();
    assert_eq!(fixture.type_in("hi"), [Action::Typing, Action::Typing]);
    assert_eq!(fixture.key(KeyCode::Enter), [Action::Submit("hi".into()), Action::StoppedTyping]);
    assert_eq!(fixture.key(KeyCode::Enter), []);
}

#[test]
fn a_command_is_nobody_elses_business() {
    let mut fixture = fixture();
    assert_eq!(fixture.type_in("/rooms"), []);
    assert_eq!(fixture.key(KeyCode::Enter), [Action::Submit("/rooms".into())]);
}

#[test]
fn deleting_the_text_ends_the_typing() {
    let mut fixture = fixture();
    fixture.type_in("a");
    assert_eq!(fixture.key(KeyCode::Backspace), [Action::StoppedTyping]);
}

#[test]
fn a_paste_of_many_lines_waits_for_enter() {
    let mut fixture = fixture();
    let actions = fixture.screen.handle(Event::Paste("one\ntwo\n".into()), &fixture.view, &fixture.names);
    assert_eq!(actions, [Action::Typing]);
    assert!(fixture.draw().contains("> one\n  two\n"));
    assert_eq!(fixture.key(KeyCode::Enter)[0], Action::Submit("one\ntwo\n".into()));
}

#[test]
fn a_paste_that_is_too_long_is_refused_with_a_sentence() {
    let mut fixture = fixture();
    fixture.screen.handle(Event::Paste("x".repeat(40_000)), &fixture.view, &fixture.names);
    assert!(fixture.draw().contains("The text would be too long (32 KiB at most)"));
}

#[test]
fn control_c_clears_the_line_and_leaves_when_pressed_twice_on_an_empty_one() {
    let mut fixture = fixture();
    fixture.type_in("hi");
    assert_eq!(fixture.control('c'), [Action::StoppedTyping]);
    assert_eq!(fixture.control('c'), []);
    assert!(fixture.draw().contains("Press Ctrl-C again to leave"));
    assert_eq!(fixture.key(KeyCode::Left), []);
    assert_eq!(fixture.control('c'), [], "another key in between begins anew");
    assert_eq!(fixture.control('c'), [Action::Quit]);
}

#[test]
fn control_d_leaves_only_from_an_empty_line() {
    let mut fixture = fixture();
    fixture.type_in("hi");
    assert_eq!(fixture.control('d'), []);
    fixture.control('u');
    assert_eq!(fixture.control('d'), [Action::Quit]);
}

#[test]
fn rooms_are_changed_by_keys() {
    let mut fixture = fixture();
    assert_eq!(fixture.press(KeyCode::Down, KeyModifiers::ALT), [Action::NextRoom]);
    assert_eq!(fixture.press(KeyCode::Up, KeyModifiers::ALT), [Action::PreviousRoom]);
    assert_eq!(fixture.control('n'), [Action::NextRoom]);
    assert_eq!(fixture.control('p'), [Action::PreviousRoom]);
    assert_eq!(fixture.press(KeyCode::Char('3'), KeyModifiers::ALT), [Action::RoomNumber(3)]);
}

#[test]
fn the_program_can_be_stopped_redrawn_and_explained() {
    let mut fixture = fixture();
    assert_eq!(fixture.control('z'), [Action::Suspend]);
    assert_eq!(fixture.control('l'), [Action::Redraw]);
    assert_eq!(fixture.key(KeyCode::F(1)), [Action::Submit("/help".into())]);
    fixture.type_in("?");
    assert!(fixture.draw().contains("/help or F1 explains"));
}

#[test]
fn tab_completes_cycles_and_shows_what_else_there_is() {
    let mut fixture = fixture();
    fixture.type_in("/join g");
    fixture.key(KeyCode::Tab);
    let screen = fixture.draw();
    assert!(screen.contains("garden  global"), "{screen}");
    assert!(screen.contains("> /join garden"), "{screen}");
    fixture.key(KeyCode::Tab);
    assert!(fixture.draw().contains("> /join global"));
    fixture.press(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert!(fixture.draw().contains("> /join garden"));
    fixture.key(KeyCode::Esc);
    assert!(fixture.draw().contains("> /join g\n"));
    fixture.type_in("l");
    fixture.key(KeyCode::Tab);
    assert_eq!(fixture.key(KeyCode::Enter), [Action::Submit("/join global ".into())]);
}

#[test]
fn sending_leads_back_to_the_newest() {
    let mut fixture = Fixture::new(80, 24, view(numbered(1..=100)));
    fixture.draw();
    fixture.key(KeyCode::PageUp);
    fixture.type_in("hi");
    let actions = fixture.key(KeyCode::Enter);
    assert_eq!(actions, [Action::Submit("hi".into()), Action::StoppedTyping, Action::Read]);
    assert!(fixture.screen.shows_newest());
}

#[test]
fn a_draft_can_be_kept_and_put_back() {
    let mut fixture = fixture();
    fixture.type_in("half");
    assert_eq!(fixture.screen.draft(), "half");
    fixture.screen.set_draft("again");
    assert_eq!(fixture.screen.draft(), "again");
}
