//! What a store of tickets must do (I21): each is good once, in time, for the caller it was made for.

use std::collections::HashSet;

use chat_repository::redis::RedisTickets;
use chat_usecase::port::Tickets;
use kernel::{Principal, SessionId, StoreError, UserId};
use testkit::{RedisServer, Turned, until};
use tokio::task::JoinSet;

use crate::nodes;
use crate::samples::at;

type Kept = Turned<dyn Tickets>;

nodes::remembered!(
    crate::nodes::memory_tickets, crate::nodes::redis_tickets:
    a_ticket_gives_its_caller_back_once
    a_ticket_is_worth_nothing_from_its_end_on
    of_fifty_racing_uses_one_gets_in
    what_was_never_a_ticket_is_refused
    tickets_are_long_and_never_the_same
    of_too_many_unused_tickets_of_a_session_the_latest_are_good
    used_tickets_make_no_room_scarce
);

fn caller(username: &str) -> Principal {
    Principal {
        user_id: UserId::new(),
        session_id: SessionId::new(),
        username: username.to_owned(),
        expires_at: at(300),
    }
}

async fn issued(tickets: &Kept, caller: &Principal) -> String {
    tickets.issue(caller.clone(), at(0), at(30)).await.unwrap().expect("there is room for a ticket")
}

pub(crate) async fn a_ticket_gives_its_caller_back_once(tickets: Kept) {
    let (ada, bob) = (caller("ada"), caller("bob"));
    let (hers, his) = (issued(&tickets, &ada).await, issued(&tickets, &bob).await);
    assert_eq!(tickets.redeem(&his, at(1)).await.unwrap(), Some(bob));
    assert_eq!(tickets.redeem(&hers, at(1)).await.unwrap(), Some(ada));
    for used in [hers, his] {
        assert_eq!(tickets.redeem(&used, at(1)).await.unwrap(), None);
    }
}

pub(crate) async fn a_ticket_is_worth_nothing_from_its_end_on(tickets: Kept) {
    let ada = caller("ada");
    let (early, late) = (issued(&tickets, &ada).await, issued(&tickets, &ada).await);
    assert_eq!(tickets.redeem(&early, tickets.at(20).await).await.unwrap(), Some(ada));
    assert_eq!(tickets.redeem(&late, tickets.at(30).await).await.unwrap(), None);
    assert_eq!(tickets.redeem(&late, at(1)).await.unwrap(), None, "what has ended does not come back");
}

pub(crate) async fn of_fifty_racing_uses_one_gets_in(tickets: Kept) {
    let ticket = issued(&tickets, &caller("ada")).await;
    let mut racers = JoinSet::new();
    for _ in 0..50 {
        let (tickets, ticket) = (tickets.port.clone(), ticket.clone());
        racers.spawn(async move { tickets.redeem(&ticket, at(1)).await.unwrap() });
    }
    assert_eq!(racers.join_all().await.into_iter().flatten().count(), 1);
}

pub(crate) async fn what_was_never_a_ticket_is_refused(tickets: Kept) {
    let ada = caller("ada");
    let ticket = issued(&tickets, &ada).await;
    let mut altered = ticket.clone().into_bytes();
    altered[30] = if altered[30] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    let (longer, shorter) = (format!("{ticket}AAAA"), &ticket[..ticket.len() - 4]);
    for wrong in ["", "x", "ä\0", &"A".repeat(100_000), &altered, &longer, shorter, &ticket.to_uppercase()] {
        assert_eq!(tickets.redeem(wrong, at(1)).await.unwrap(), None, "{} bytes", wrong.len());
    }
    assert_eq!(tickets.redeem(&ticket, at(1)).await.unwrap(), Some(ada), "wrong guesses use nothing up");
}

pub(crate) async fn tickets_are_long_and_never_the_same(tickets: Kept) {
    let ada = caller("ada");
    let mut seen = HashSet::new();
    for _ in 0..200 {
        let ticket = issued(&tickets, &ada).await;
        // 128 random bits are 22 characters of base64; they go into a header, where only some characters may be.
        assert!(ticket.len() >= 22 && ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert!(seen.insert(ticket));
    }
}

pub(crate) async fn of_too_many_unused_tickets_of_a_session_the_latest_are_good(tickets: Kept) {
    let (ada, bob) = (caller("ada"), caller("bob"));
    let of_bob = issued(&tickets, &bob).await;
    let mut unused = Vec::new();
    for _ in 0..100 {
        unused.push(issued(&tickets, &ada).await);
    }
    let latest = unused.pop().unwrap();
    assert_eq!(tickets.redeem(&latest, at(1)).await.unwrap(), Some(ada));
    let mut good = 0;
    for ticket in unused {
        good += usize::from(tickets.redeem(&ticket, at(1)).await.unwrap().is_some());
    }
    assert!(good < 50, "{good} unused tickets of one session are kept");
    assert_eq!(tickets.redeem(&of_bob, at(1)).await.unwrap(), Some(bob), "others are not touched");
}

pub(crate) async fn used_tickets_make_no_room_scarce(tickets: Kept) {
    let ada = caller("ada");
    let first = issued(&tickets, &ada).await;
    for _ in 0..100 {
        let next = issued(&tickets, &ada).await;
        assert!(tickets.redeem(&next, at(1)).await.unwrap().is_some());
    }
    assert_eq!(tickets.redeem(&first, at(1)).await.unwrap(), Some(ada), "no more than two were unused at a time");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_count_the_unused_tickets_of_all_sessions_together_and_forget_what_is_too_old() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let one = RedisTickets::with_capacity(nodes::connected(server, &prefix).await, 2);
    let other = RedisTickets::with_capacity(nodes::connected(server, &prefix).await, 2);
    // Redis's own clock runs here, so the tickets last for a moment only.
    let until_soon = at(0).plus(std::time::Duration::from_millis(300));
    let kept = one.issue(caller("ada"), at(0), at(30)).await.unwrap();
    assert!(other.issue(caller("bob"), at(0), until_soon).await.unwrap().is_some());
    until("there is room again", async || one.issue(caller("cy"), at(0), at(30)).await.unwrap()).await;
    assert!(other.issue(caller("dee"), at(0), at(30)).await.unwrap().is_none());
    assert!(one.redeem(&kept.unwrap(), at(1)).await.unwrap().is_some());
    assert!(other.issue(caller("dee"), at(0), at(30)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_redis_learns_no_ticket_and_nothing_stays_there_for_ever() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let redis = nodes::connected(server, &prefix).await;
    let tickets = RedisTickets::new(redis.clone());
    let ticket = tickets.issue(caller("ada"), at(0), at(30)).await.unwrap().unwrap();
    let keys: Vec<String> = redis.run(::redis::cmd("KEYS").arg(format!("{prefix}:ticket*"))).await.unwrap();
    assert_eq!(keys.len(), 3, "{keys:?}");
    for key in keys {
        let value: Vec<u8> = redis.run(::redis::cmd("DUMP").arg(&key)).await.unwrap();
        assert!(!key.contains(&ticket) && !String::from_utf8_lossy(&value).contains(&ticket), "{key}");
        let lasts: i64 = redis.run(::redis::cmd("PTTL").arg(&key)).await.unwrap();
        assert!((1..=30_000).contains(&lasts), "{key} lasts {lasts} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_there_are_no_tickets_and_none_that_was_used_comes_back_with_it() {
    let server = RedisServer::start().await;
    let redis = nodes::connected(&server, &nodes::prefix()).await;
    let tickets = RedisTickets::new(redis.clone());
    let ada = caller("ada");
    let used = tickets.issue(ada.clone(), at(0), at(30)).await.unwrap().unwrap();
    let unused = tickets.issue(ada.clone(), at(0), at(30)).await.unwrap().unwrap();
    assert_eq!(tickets.redeem(&used, at(1)).await.unwrap(), Some(ada.clone()));
    server.kill().await;
    until("Redis is known to be away", async || (!redis.is_available()).then_some(())).await;
    assert!(matches!(tickets.issue(ada.clone(), at(1), at(31)).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(tickets.redeem(&unused, at(1)).await, Err(StoreError::Unavailable(_))));
    server.restart().await;
    redis.available().await;
    assert_eq!(tickets.redeem(&used, at(1)).await.unwrap(), None);
    assert_eq!(tickets.redeem(&unused, at(1)).await.unwrap(), Some(ada.clone()));
    server.flush_all().await;
    assert_eq!(tickets.redeem(&unused, at(1)).await.unwrap(), None);
    assert!(tickets.issue(ada, at(1), at(31)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_gives_no_ticket_and_takes_none() {
    let server = RedisServer::start().await;
    let redis = nodes::connected(&server, &nodes::prefix()).await;
    let tickets = RedisTickets::new(redis.clone());
    let ticket = tickets.issue(caller("ada"), at(0), at(30)).await.unwrap().unwrap();
    server.pause().await;
    // Late, or known to be away: no ticket was made that anybody could use, and whether this one is used up is open.
    assert!(matches!(tickets.issue(caller("ada"), at(0), at(30)).await, Err(StoreError::Unavailable(_))));
    assert!(tickets.redeem(&ticket, at(1)).await.is_err());
    server.resume().await;
    redis.available().await;
    assert!(tickets.issue(caller("ada"), at(1), at(31)).await.unwrap().is_some());
}
