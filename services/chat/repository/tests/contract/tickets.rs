//! What a store of tickets must do (I21): each is good once, in time, for the caller it was made for.

use std::collections::HashSet;

use kernel::{Principal, SessionId, UserId};
use tokio::task::JoinSet;

use crate::samples::at;
use crate::stores::Stores;

crate::suite!(
    a_ticket_gives_its_caller_back_once
    a_ticket_is_worth_nothing_from_its_end_on
    of_fifty_racing_uses_one_gets_in
    what_was_never_a_ticket_is_refused
    tickets_are_long_and_never_the_same
    of_too_many_unused_tickets_of_a_session_the_latest_are_good
);

fn caller(username: &str) -> Principal {
    Principal {
        user_id: UserId::new(),
        session_id: SessionId::new(),
        username: username.to_owned(),
        expires_at: at(300),
    }
}

async fn issued(stores: &Stores, caller: &Principal) -> String {
    stores.tickets.issue(caller.clone(), at(0), at(30)).await.unwrap().expect("there is room for a ticket")
}

pub(crate) async fn a_ticket_gives_its_caller_back_once(stores: Stores) {
    let (ada, bob) = (caller("ada"), caller("bob"));
    let (hers, his) = (issued(&stores, &ada).await, issued(&stores, &bob).await);
    assert_eq!(stores.tickets.redeem(&his, at(1)).await.unwrap(), Some(bob));
    assert_eq!(stores.tickets.redeem(&hers, at(1)).await.unwrap(), Some(ada));
    for used in [hers, his] {
        assert_eq!(stores.tickets.redeem(&used, at(1)).await.unwrap(), None);
    }
}

pub(crate) async fn a_ticket_is_worth_nothing_from_its_end_on(stores: Stores) {
    let ada = caller("ada");
    let (early, late) = (issued(&stores, &ada).await, issued(&stores, &ada).await);
    assert_eq!(stores.tickets.redeem(&early, at(29)).await.unwrap(), Some(ada));
    assert_eq!(stores.tickets.redeem(&late, at(30)).await.unwrap(), None);
    assert_eq!(stores.tickets.redeem(&late, at(1)).await.unwrap(), None, "what has ended does not come back");
}

pub(crate) async fn of_fifty_racing_uses_one_gets_in(stores: Stores) {
    let ticket = issued(&stores, &caller("ada")).await;
    let mut racers = JoinSet::new();
    for _ in 0..50 {
        let (tickets, ticket) = (stores.tickets.clone(), ticket.clone());
        racers.spawn(async move { tickets.redeem(&ticket, at(1)).await.unwrap() });
    }
    assert_eq!(racers.join_all().await.into_iter().flatten().count(), 1);
}

pub(crate) async fn what_was_never_a_ticket_is_refused(stores: Stores) {
    let ada = caller("ada");
    let ticket = issued(&stores, &ada).await;
    let mut altered = ticket.clone().into_bytes();
    altered[30] = if altered[30] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    let (longer, shorter) = (format!("{ticket}AAAA"), &ticket[..ticket.len() - 4]);
    for wrong in ["", "x", "ä\0", &"A".repeat(100_000), &altered, &longer, shorter, &ticket.to_uppercase()] {
        assert_eq!(stores.tickets.redeem(wrong, at(1)).await.unwrap(), None, "{} bytes", wrong.len());
    }
    assert_eq!(stores.tickets.redeem(&ticket, at(1)).await.unwrap(), Some(ada), "wrong guesses use nothing up");
}

pub(crate) async fn tickets_are_long_and_never_the_same(stores: Stores) {
    let ada = caller("ada");
    let mut seen = HashSet::new();
    for _ in 0..200 {
        let ticket = issued(&stores, &ada).await;
        // 128 random bits are 22 characters of base64; they go into a header, where only some characters may be.
        assert!(ticket.len() >= 22 && ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert!(seen.insert(ticket));
    }
}

pub(crate) async fn of_too_many_unused_tickets_of_a_session_the_latest_are_good(stores: Stores) {
    let (ada, bob) = (caller("ada"), caller("bob"));
    let of_bob = issued(&stores, &bob).await;
    let mut tickets = Vec::new();
    for _ in 0..100 {
        tickets.push(issued(&stores, &ada).await);
    }
    let latest = tickets.pop().unwrap();
    assert_eq!(stores.tickets.redeem(&latest, at(1)).await.unwrap(), Some(ada));
    let mut good = 0;
    for ticket in tickets {
        good += usize::from(stores.tickets.redeem(&ticket, at(1)).await.unwrap().is_some());
    }
    assert!(good < 50, "{good} unused tickets of one session are kept");
    assert_eq!(stores.tickets.redeem(&of_bob, at(1)).await.unwrap(), Some(bob), "others are not touched");
}
