//! Where one is in the log, and how much work it is to get there.

use super::*;

fn first_message(screen: &str) -> String {
    let row = screen.lines().find(|row| row.contains(": line ")).unwrap();
    row.split_once(": line ").unwrap().1.to_owned()
}

fn last_message(screen: &str) -> String {
    screen.lines().rev().find_map(|row| row.split_once(": line ")).unwrap().1.to_owned()
}

#[test]
fn the_newest_are_shown_until_one_scrolls_away_and_back() {
    let mut fixture = Fixture::new(50, 12, view(numbered(1..=100)));
    assert_eq!(last_message(&fixture.draw()), "100");
    assert_eq!(fixture.key(KeyCode::PageDown), [], "it was in sight before");
    assert_eq!(fixture.key(KeyCode::PageUp), []);
    assert_eq!(last_message(&fixture.draw()), "93");
    fixture.press(KeyCode::Up, KeyModifiers::SHIFT);
    assert_eq!(last_message(&fixture.draw()), "92");
    fixture.press(KeyCode::Down, KeyModifiers::SHIFT);
    assert!(fixture.draw().contains("↓ End"));
    assert_eq!(fixture.key(KeyCode::PageDown), [Action::Read]);
    assert_eq!(last_message(&fixture.draw()), "100");
}

#[test]
fn new_lines_do_not_move_what_one_reads() {
    let mut fixture = Fixture::new(50, 12, view(numbered(1..=100)));
    fixture.draw();
    fixture.key(KeyCode::PageUp);
    fixture.view.log.push(Entry::Message(message(101, "bob", "line 101")));
    fixture.view.log.push(Entry::Message(message(102, "alice", "line 102")));
    fixture.view.log.push(Entry::Message(message(103, "bob", "line 103")));
    let screen = fixture.draw();
    assert_eq!(last_message(&screen), "93");
    assert!(screen.contains("↓ 2 new"), "{screen}");
    assert!(!fixture.screen.shows_newest());
    assert_eq!(fixture.press(KeyCode::End, KeyModifiers::CONTROL), [Action::Read]);
    assert_eq!(last_message(&fixture.draw()), "103");
}

#[test]
fn older_lines_do_not_move_what_one_reads_either() {
    let mut fixture = Fixture::new(50, 12, view(numbered(51..=100)));
    fixture.view.log.has_more_before = true;
    fixture.draw();
    assert_eq!(fixture.press(KeyCode::Home, KeyModifiers::CONTROL), [Action::LoadOlder]);
    let before = fixture.draw();
    assert_eq!(first_message(&before), "51");
    fixture.view.log.is_loading = true;
    assert_eq!(fixture.press(KeyCode::Up, KeyModifiers::SHIFT), []);
    fixture.view.log.is_loading = false;
    let older = (1..=50).map(|seq| Entry::Message(message(seq, "bob", &format!("line {seq}")))).collect();
    fixture.view.log.prepend(older);
    let after = fixture.draw();
    assert_eq!(last_message(&after), last_message(&before));
    fixture.press(KeyCode::Up, KeyModifiers::SHIFT);
    assert_eq!(last_message(&fixture.draw()), "55");
}

#[test]
fn a_short_log_asks_for_more_and_never_scrolls_past_its_ends() {
    let mut fixture = Fixture::new(50, 24, view(numbered(1..=3)));
    fixture.view.log.has_more_before = true;
    fixture.draw();
    assert!(fixture.screen.wants_older(&fixture.view));
    fixture.key(KeyCode::PageUp);
    let screen = fixture.draw();
    assert_eq!((first_message(&screen).as_str(), last_message(&screen).as_str()), ("1", "3"));
    assert!(fixture.screen.shows_newest());
}

#[test]
fn the_place_survives_another_width_and_the_end_of_its_entry() {
    let mut fixture = Fixture::new(50, 12, view(numbered(1..=100)));
    fixture.draw();
    fixture.key(KeyCode::PageUp);
    fixture.resize(90, 30);
    assert_eq!(last_message(&fixture.draw()), "93");
    fixture.view.log.remove(super::super::Find::Seq(93));
    assert_eq!(last_message(&fixture.draw()), "94");
}

#[test]
fn the_place_goes_with_an_unsent_message_that_is_settled() {
    let mut fixture = Fixture::new(50, 12, view(numbered(1..=100)));
    for key in 201..=203 {
        let body = format!("line {key}");
        let unsent = Message { key: Uuid::from_u128(key), id: None, seq: None, ..message(1, "alice", &body) };
        fixture.view.log.push(Entry::Message(unsent));
    }
    fixture.draw();
    fixture.press(KeyCode::Up, KeyModifiers::SHIFT);
    assert_eq!(last_message(&fixture.draw()), "202");
    fixture.view.log.settle(Uuid::from_u128(202), Uuid::from_u128(9).into(), 101, at("12:10"));
    assert_eq!(last_message(&fixture.draw()), "202");
}

#[test]
fn what_changes_is_laid_out_anew() {
    let mut fixture = Fixture::new(50, 12, view(log_of([message(1, "bob", &"word ".repeat(20))])));
    assert_eq!(fixture.draw().matches("word").count(), 20);
    let rows_of = |screen: &str| screen.lines().filter(|row| row.contains("word")).count();
    assert_eq!(rows_of(&fixture.draw()), 3);
    fixture.resize(130, 12);
    assert_eq!(rows_of(&fixture.draw()), 2);
    fixture.view.log.update(super::super::Find::Seq(1), |message| message.body = "another word".into());
    assert!(fixture.draw().contains("bob: another word"));
}

#[test]
fn another_room_begins_with_its_newest() {
    let mut fixture = Fixture::new(50, 12, view(numbered(1..=100)));
    fixture.draw();
    fixture.key(KeyCode::PageUp);
    fixture.draw();
    fixture.screen.show_newest();
    fixture.view.log = numbered(1..=40);
    assert_eq!(last_message(&fixture.draw()), "40");
}

#[test]
fn only_what_is_in_sight_is_laid_out() {
    let mut fixture = Fixture::new(80, 24, view(numbered(1..=10_000)));
    fixture.draw();
    assert!(fixture.screen.pane.work <= 25, "{} for the first frame", fixture.screen.pane.work);
    for page in 0..50 {
        let before = fixture.screen.pane.work;
        fixture.key(KeyCode::PageUp);
        fixture.draw();
        let work = fixture.screen.pane.work - before;
        assert!(work <= 70, "{work} for page {page}");
    }
    let before = fixture.screen.pane.work;
    fixture.draw();
    fixture.key(KeyCode::PageDown);
    fixture.draw();
    assert_eq!(fixture.screen.pane.work, before, "what was laid out is kept");
    fixture.resize(120, 40);
    fixture.draw();
    let work = fixture.screen.pane.work - before;
    assert!(work <= 50, "{work} after a resize");
    let before = fixture.screen.pane.work;
    fixture.view.log.update(super::super::Find::Seq(10_000), |message| message.edited = true);
    fixture.key(KeyCode::End);
    fixture.draw();
    let work = fixture.screen.pane.work - before;
    assert!(work <= 45, "{work} to come back to the end");
}
