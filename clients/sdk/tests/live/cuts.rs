//! A network that cuts connections in the middle of a byte stream, again and again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use natter_client::contract::events::LogContent;
use natter_client::{NewMessage, Update};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::person::{Listener, PATIENCE, assert_told_from_the_log, body_of, hasty, room_of, whole_log};
use crate::server::{Server, somebody};

/// How long it goes on, at least; `CUT_SECONDS` says otherwise.
const SECONDS: u64 = 10;
/// However slow the machine is, it goes on until there have been so many, for [`PATIENCE`] more at most.
const CUTS: usize = 20;
/// A connection carries up to so many bytes in one direction before it is cut.
const MOST_BYTES: usize = 40_000;

/// Passes bytes on, and cuts each connection after some of them.
struct Cutter {
    addr: SocketAddr,
    is_kind: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
}

impl Cutter {
    async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (is_kind, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (kind, counted) = (Arc::clone(&is_kind), Arc::clone(&cuts));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (kind, counted) = (Arc::clone(&kind), Arc::clone(&counted));
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(target).await else { return };
                    let (mut near_read, mut near_write) = near.into_split();
                    let (mut far_read, mut far_write) = far.into_split();
                    // Whichever half comes to its end first takes the other with it, in the middle of whatever it says.
                    tokio::select! {
                        () = pass(&mut near_read, &mut far_write, &kind) => {}
                        () = pass(&mut far_read, &mut near_write, &kind) => {}
                    }
                    counted.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        Self { addr, is_kind, cuts }
    }
}

async fn pass(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), is_kind: &AtomicBool) {
    // A few are cut in the handshake already.
    let mut left = fastrand::usize(1..MOST_BYTES);
    let mut buffer = [0; 4096];
    loop {
        let Ok(read) = from.read(&mut buffer).await else { return };
        let passed = if is_kind.load(Ordering::Relaxed) { read } else { read.min(left) };
        if passed == 0 || to.write_all(&buffer[..passed]).await.is_err() {
            return;
        }
        left -= passed.min(left);
        // At once, and not when more comes: that would be a line that has gone silent, which takes the client seconds to tell.
        if left == 0 && !is_kind.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_arrives_once_and_in_order_on_both_sides_however_often_the_line_is_cut() {
    let server = Server::start(&[]).await;
    let cutter = Cutter::before(server.addr()).await;
    // Accounts and rooms are made on a good line; then all of it goes through the bad one.
    let mut people = Vec::new();
    for name in ["ada", "bob"] {
        let good = somebody(server.addr(), name).await;
        let mut saved = good.saved().await;
        saved.server = format!("http://{}", cutter.addr);
        people.push((good, crate::server::remote(cutter.addr).resume_saved(saved)));
    }
    let room = room_of(&[&people[0].0, &people[1].0]).await;
    let seconds = std::env::var("CUT_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut talks = Vec::new();
    for (_, person) in &people {
        let mut listener = Listener::ready(person, hasty()).await;
        let name = person.username().to_owned();
        let cuts = Arc::clone(&cutter.cuts);
        talks.push(tokio::spawn(async move {
            let mut said = Vec::new();
            let is_enough = || cuts.load(Ordering::Relaxed) >= CUTS || Instant::now() > until + PATIENCE;
            while Instant::now() < until || !is_enough() {
                let body = format!("{name} {} {}", said.len(), "x".repeat(fastrand::usize(0..2_000)));
                let sending = listener.live.send(NewMessage::new(room, body.clone())).await.unwrap();
                said.push((body, sending));
                // At the pace of the other side, whatever comes.
                let own = said.last().unwrap().0.clone();
                listener.until_body(room, &own).await;
            }
            (listener, said)
        }));
    }
    let mut told = Vec::new();
    for talk in talks {
        told.push(talk.await.unwrap());
    }
    cutter.is_kind.store(true, Ordering::Relaxed);
    let log = whole_log(&people[0].0, room).await;
    let last = log.last().unwrap().seq;
    let mut said_by_all = 0;
    for (listener, said) in &mut told {
        let has_heard = |listener: &Listener| listener.events(room).last().is_some_and(|event| event.seq == last);
        while !has_heard(listener) {
            listener.until("the end of the log", |update| matches!(update, Update::Event(_))).await;
        }
        assert_told_from_the_log(&listener.events(room), &log);
        said_by_all += said.len();
        for (body, sending) in said.drain(..) {
            let sent = sending.outcome().await.unwrap();
            assert_eq!(body_of(&log[usize::try_from(sent.seq).unwrap() - 1]), Some(body.as_str()));
        }
    }
    let messages = log.iter().filter(|event| matches!(event.content, Some(LogContent::MessageCreated(_))));
    assert_eq!(messages.count(), said_by_all, "nothing is in the log twice, and nothing is missing");
    let cuts = cutter.cuts.load(Ordering::Relaxed);
    println!("{said_by_all} messages through {cuts} cuts");
    assert!(cuts >= CUTS && said_by_all >= 2, "{said_by_all} messages through {cuts} cuts");
}
