//! A thousand members of whom a hundred never read: the others get everything, and memory stays within its bound (I11).

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::json;
use testkit::{Live, Person, Process, RawSocket};

const MEMBERS: usize = 1_000;
const STALLED: usize = 100;
const MESSAGES: usize = 160;
const MIB: u64 = 1024 * 1024;

/// Gets every message, in order, and gives the largest number of the room.
async fn read_all(mut live: Live, room: String) -> u64 {
    let mut last = None;
    let mut messages = 0;
    while messages < MESSAGES {
        let event = live.event("message.created").await;
        if event["room_id"] != room {
            continue;
        }
        let seq = event["seq"].as_u64().unwrap();
        assert!(last.is_none_or(|last| seq == last + 1), "a hole after {last:?}: {seq}");
        last = Some(seq);
        messages += 1;
    }
    last.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_who_never_read_slow_nobody_down_and_cost_a_bounded_amount_of_memory() {
    let home = tempfile::tempdir().unwrap();
    // Everybody in one room from the start would be as good, but a join for each is what a crowd does.
    let server = Process::start(env!("CARGO_BIN_EXE_natter"), &home.path().join("data"), &[]).await.unwrap();
    let rest = server.rest();
    let people: Vec<Person> = stream::iter(0..MEMBERS)
        .map(|n| {
            let rest = &rest;
            async move { rest.person(&format!("member{n}")).await }
        })
        .buffer_unordered(8)
        .collect()
        .await;
    let room = rest.room(&people[0]).await;
    join_all(people[1..].iter().map(|person| rest.join(person, &room))).await;

    let mut sender = rest.live(&people[0], json!({})).await;
    let mut stalled = Vec::new();
    for person in &people[1..=STALLED] {
        let mut socket = RawSocket::connect(server.addr(), &person.token, Some(4_096)).await;
        socket.start().await;
        stalled.push(socket);
    }
    let mut readers = Vec::new();
    for person in &people[STALLED + 1..] {
        let mut live = rest.live(person, json!({})).await;
        live.event("ready").await;
        readers.push(tokio::spawn(read_all(live, room.clone())));
    }
    let before = server.resident_bytes();
    let mut most = before;
    let body = "x".repeat(8_000);
    let mut last_seq = 0;
    for _ in 0..MESSAGES {
        let sent = sender.say(&room, &body).await;
        last_seq = sent["data"]["seq"].as_u64().unwrap();
        sender.event("message.created").await;
        most = most.max(server.resident_bytes());
    }
    for reader in readers {
        assert_eq!(reader.await.unwrap(), last_seq);
    }
    most = most.max(server.resident_bytes());
    // What waits for the stalled ones, and as much again as a tenth of it for what an allocator keeps around it, and for
    // the 900 others a buffer of 64 KiB each.
    let allowed = STALLED as u64 * MIB * 11 / 10 + (MEMBERS - STALLED) as u64 * 64 * 1024;
    println!("memory: {} MiB before, {} MiB at most", before / MIB, most / MIB);
    assert!(most - before <= allowed, "{} MiB more than before", (most - before) / MIB);
    drop(stalled);
    let code = tokio::time::timeout(Duration::from_secs(30), server.stop()).await.unwrap();
    assert_eq!(code, Some(0));
}
