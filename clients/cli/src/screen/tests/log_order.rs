//! The order of a log, and what takes whose place.

use super::super::Find;
use super::*;

fn notice(text: &str) -> Entry {
    Entry::Notice { at: at("12:30"), text: text.to_owned() }
}

fn unsent(key: u128, body: &str) -> Entry {
    let message = message(1, "alice", body);
    Entry::Message(Message { key: Uuid::from_u128(key), id: None, seq: None, delivery: Delivery::Sending, ..message })
}

fn numbered_as(seq: u64) -> Entry {
    Entry::Message(message(seq, "bob", &format!("line {seq}")))
}

fn order(log: &Log) -> Vec<String> {
    let name = |entry: &Entry| match entry {
        Entry::Message(message) => message.seq.map_or_else(|| message.body.clone(), |seq| format!("#{seq}")),
        Entry::Happening { seq, .. } => format!("#{seq}!"),
        Entry::Notice { text, .. } => text.clone(),
    };
    log.entries().map(name).collect()
}

#[test]
fn numbers_make_the_order_and_unsent_messages_come_last() {
    let mut log = Log::new();
    log.push(unsent(500, "a"));
    log.push(numbered_as(5));
    log.push(unsent(501, "b"));
    log.push(numbered_as(3));
    log.push(Entry::Happening { seq: 4, at: at("12:00"), text: "bob joined".into() });
    log.push(notice("note"));
    log.push(numbered_as(6));
    assert_eq!(order(&log), ["#3", "#4!", "#5", "note", "#6", "a", "b"]);
    assert_eq!((log.first_seq(), log.last_seq(), log.len()), (Some(3), Some(6), 7));
}

#[test]
fn a_late_number_goes_before_its_successor_and_not_behind_a_notice() {
    let mut log = log_of([message(5, "bob", ""), message(7, "bob", "")]);
    log.push(notice("note"));
    log.push(numbered_as(6));
    assert_eq!(order(&log), ["#5", "#6", "#7", "note"]);
}

#[test]
fn a_message_is_settled_by_whichever_comes_first_the_answer_or_the_event() {
    let mut log = Log::new();
    log.push(unsent(500, "a"));
    log.push(unsent(501, "b"));
    let id = Uuid::from_u128(7).into();
    assert!(log.settle(Uuid::from_u128(501), id, 9, at("12:31")));
    assert_eq!(order(&log), ["#9", "a"]);
    assert_eq!(log.message(Find::Id(id)).unwrap().delivery, Delivery::Done);
    log.push(Entry::Message(Message { key: Uuid::from_u128(501), ..message(9, "alice", "b") }));
    assert_eq!(order(&log), ["#9", "a"]);
    log.push(Entry::Message(Message { key: Uuid::from_u128(500), ..message(10, "alice", "a") }));
    assert!(log.settle(Uuid::from_u128(500), Uuid::from_u128(8).into(), 10, at("12:31")));
    assert_eq!(order(&log), ["#9", "#10"]);
    assert!(!log.settle(Uuid::from_u128(999), id, 11, at("12:31")));
}

#[test]
fn an_entry_that_comes_twice_is_there_once() {
    let mut log = log_of((1..=5).map(|seq| message(seq, "bob", "x")));
    log.push(numbered_as(3));
    log.prepend(vec![numbered_as(1), numbered_as(2)]);
    assert_eq!(order(&log), ["#1", "#2", "#3", "#4", "#5"]);
}

#[test]
fn older_entries_go_before_everything_even_a_notice() {
    let mut log = Log::new();
    log.push(notice("welcome"));
    log.prepend(vec![numbered_as(7), numbered_as(8)]);
    log.prepend(vec![numbered_as(5), numbered_as(6)]);
    assert_eq!(order(&log), ["#5", "#6", "#7", "#8", "welcome"]);
}

#[test]
fn a_message_is_changed_by_each_of_its_names() {
    let mut log = log_of([message(1, "bob", "x"), message(2, "alice", "y"), message(3, "bob", "z")]);
    let id = log.message(Find::Seq(2)).unwrap().id.unwrap();
    assert!(log.update(Find::Seq(3), |message| message.deleted = true));
    assert!(log.update(Find::Id(id), |message| message.edited = true));
    assert!(log.set_delivery(Uuid::from_u128(1), Delivery::Waiting));
    assert!(!log.update(Find::Seq(4), |_| ()));
    assert_eq!(log.latest_own().unwrap().seq, Some(2));
    assert_eq!(log.latest_of_others().unwrap().seq, Some(1), "a deleted one does not count");
    assert_eq!(log.remove(Find::Seq(2)).unwrap().body, "y");
    log.clear();
    assert!(log.is_empty() && log.unread_after.is_none());
}

#[test]
fn a_full_log_lets_the_oldest_go_and_says_so() {
    let limit = super::super::MAX_ENTRIES as u64;
    let mut log = log_of((11..=limit + 10).map(|seq| message(seq, "bob", "")));
    assert!(!log.has_more_before && log.is_full());
    log.push(numbered_as(limit + 11));
    assert_eq!((log.first_seq(), log.len() as u64), (Some(12), limit));
    assert!(log.has_more_before);
    log.has_more_before = false;
    log.prepend(vec![numbered_as(10), numbered_as(11)]);
    assert_eq!((log.first_seq(), log.len() as u64), (Some(12), limit));
    assert!(log.has_more_before);
}
