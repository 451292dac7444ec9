//! What appending, paging, resuming and starting cost with a log that has become long, against one that has not: the
//! server's processor time for each, as a short wait is hard to tell from a busy machine.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use contract::chat::PostMessage;
use contract::frames::Start;
use kernel::RoomId;
use natter_client::{Around, Client};
use tokio::runtime::Runtime;

use crate::figure::Figure;
use crate::fill::{self, DEPTH, Filling};
use crate::place::{People, hint};
use crate::progress::Progress;
use crate::scenario::{APPEND, PAGE, RESUME, START};
use crate::servers::{Hashes, Kind, Programs, Running};
use crate::socket::Socket;
use crate::watch::Watched;

/// Rooms that the one who reads and writes is in.
const ROOMS: u64 = 10;
/// Above the rooms that a server makes.
const FIRST_ROOM: u64 = 1_000;
/// How often each is done, for a log that is long; a tenth of it for one that only shows that it works.
const APPENDS: usize = 2_000;
const PAGES: usize = 2_000;
const RESUMES: usize = 100;
const STARTS: usize = 1_000;
const LONG: u64 = 100_000;
/// Events of each room that are missed by whoever resumes.
const MISSED: u64 = 50;

/// A long log.
pub struct Long<'a> {
    /// How many events.
    pub events: u64,
    /// The programs.
    pub programs: &'a Programs,
    /// The server.
    pub server: Kind,
}

/// What each costs, in microseconds.
struct Costs {
    append: f64,
    page: f64,
    resume: f64,
    start: f64,
}

/// Measures a short log, makes it long and measures again.
pub fn run(long: &Long<'_>, runtime: &Runtime, progress: &mut Progress) -> io::Result<Vec<Figure>> {
    let mut running = runtime.block_on(Running::start(long.server, long.programs, Hashes::Cheap))?;
    let mut costs = Vec::new();
    let mut from = FIRST_ROOM;
    for rooms in [ROOMS, long.events / DEPTH - ROOMS] {
        let mut people = People::of(running.addr)?;
        let author = runtime.block_on(async {
            people.grow(1, progress).await?;
            let [author] = people.clients() else { return Err(io::Error::other("nobody is there")) };
            // Chat knows them from now on.
            author.my_rooms().await.map_err(hint)?;
            io::Result::Ok(author.user_id())
        })?;
        progress.say(|| format!("writing {} events", rooms * DEPTH));
        let filling = Filling { from, rooms, author, every: rooms / ROOMS };
        from += rooms;
        let between = async |data: &std::path::Path, postgres: Option<&str>| match postgres {
            Some(url) => fill::postgres(url, filling).await,
            None => fill::sqlite(data, filling),
        };
        running = runtime.block_on(running.restart(long.server, long.programs, Hashes::Cheap, between))?;
        let people = runtime.block_on(people.moved(running.addr))?;
        let [author] = people.clients() else { return Err(io::Error::other("nobody is there")) };
        let share = if long.events < LONG { 10 } else { 1 };
        costs.push(measure(author, &mut running, share, runtime, progress)?);
    }
    runtime.block_on(running.stop());
    let [short, grown] = &costs[..] else { return Err(io::Error::other("two were measured")) };
    Ok(vec![
        Figure::new(APPEND, grown.append / short.append, ""),
        Figure::new(PAGE, grown.page / short.page, ""),
        Figure::new(RESUME, grown.resume / short.resume, ""),
        Figure::new(START, grown.start / short.start, ""),
        Figure::new("events", long.events as f64, ""),
        Figure::new("append", grown.append, "µs"),
        Figure::new("page of 50", grown.page, "µs"),
        Figure::new("resume with 500 missed", grown.resume, "µs"),
        Figure::new("start", grown.start, "µs"),
    ])
}

fn measure(
    author: &Client,
    running: &mut Running,
    share: usize,
    runtime: &Runtime,
    progress: &mut Progress,
) -> io::Result<Costs> {
    let rooms: Vec<(RoomId, u64)> = runtime.block_on(async {
        let mine = author.my_rooms().await.map_err(hint)?;
        let token = author.saved().await.access_token.expose().to_owned();
        // Connections are there and caches are warm before anything counts.
        for room in &mine {
            author.history(room.room.id, Around::Newest, 50).await.map_err(hint)?;
        }
        let _ = Socket::open(running.addr, &token)?;
        io::Result::Ok(mine.iter().map(|mine| (mine.room.id, mine.head_seq)).collect())
    })?;
    if rooms.len() as u64 != ROOMS {
        return Err(io::Error::other(format!("{} rooms were written, not {ROOMS}", rooms.len())));
    }
    running.look_again();
    let watched = &running.watched;
    let room = |turn: usize| rooms[turn % rooms.len()].0;
    let page = cost(watched, PAGES / share, progress, "pages", |turn| {
        let before = 100 + (turn as u64 * 389) % (DEPTH - 100);
        let read = author.history(room(turn), Around::Before(before), 50);
        let read = runtime.block_on(read).map_err(hint)?;
        if read.items.len() == 50 { Ok(()) } else { Err(io::Error::other("a page is short")) }
    })?;
    let token = runtime.block_on(author.saved()).access_token.expose().to_owned();
    let mut buffer = vec![0; 4 * 1024 * 1024];
    let epoch = {
        let mut socket = Socket::open(running.addr, &token)?;
        socket.hello(&mut buffer)?
    };
    let cursors: HashMap<RoomId, u64> = rooms.iter().map(|(room, head)| (*room, head - MISSED)).collect();
    let resume = cost(watched, RESUMES / share, progress, "resumes", |_| {
        let mut socket = Socket::open(running.addr, &token)?;
        socket.hello(&mut buffer)?;
        socket.start(&mut buffer, &Start { epoch: Some(epoch.clone()), cursors: cursors.clone() }).map(drop)
    })?;
    let start = cost(watched, STARTS / share, progress, "starts", |_| {
        let mut socket = Socket::open(running.addr, &token)?;
        socket.hello(&mut buffer)?;
        socket.start(&mut buffer, &Start::default()).map(drop)
    })?;
    let append = cost(watched, APPENDS / share, progress, "appends", |turn| {
        let message = PostMessage {
            body: crate::glance::body(0, 0, 128),
            client_msg_id: uuid::Uuid::new_v4(),
            format: contract::chat::Format::Plain,
            reply_to: None,
            attachments: Vec::new(),
        };
        runtime.block_on(author.post_message(room(turn), &message)).map(drop).map_err(hint)
    })?;
    Ok(Costs { append, page, resume, start })
}

/// Processor time of one of many, in microseconds.
fn cost(
    watched: &[Watched],
    times: usize,
    progress: &mut Progress,
    what: &str,
    mut work: impl FnMut(usize) -> io::Result<()>,
) -> io::Result<f64> {
    let spent = || watched.iter().map(Watched::cpu_time).sum::<Duration>();
    let begun = spent();
    for turn in 0..times {
        work(turn)?;
        progress.say(|| format!("{turn} of {times} {what}"));
    }
    Ok((spent() - begun).as_secs_f64() * 1e6 / times as f64)
}
