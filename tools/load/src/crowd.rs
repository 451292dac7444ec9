//! A room with very many sockets in it: what an idle socket takes, and whether what happens in the room costs
//! each of them the same however many they are.

use std::io;
use std::time::{Duration, Instant};

use contract::chat::Format;
use contract::frames::SendMessage;
use natter_client::Client;
use tokio::runtime::Runtime;

use crate::figure::Figure;
use crate::glance::{self, Glance};
use crate::place::{People, Place, hint};
use crate::progress::Progress;
use crate::scenario::{GROWTH, SOCKET};
use crate::servers::Running;
use crate::socket::{Heard, Request};
use crate::swarm::Swarm;
use crate::watch::Watched;

/// The smaller crowd, against which the large one is held.
const FEW: usize = 1_000;
/// Events that each receiver of the smaller crowd hears; the large one hears fewer, so that both take as long.
const ROUNDS: usize = 100;
/// How long a crowd may take to hear something.
const WITHIN: Duration = Duration::from_secs(30);
/// How long sockets hear nothing before their memory is looked at: they have been told of each other for a while.
const QUIET: Duration = Duration::from_secs(1);
/// How long that may take to come. A worker keeps 1,000 changes of presence waiting, and tells 128 a second to 10,000 sockets.
const SETTLES_WITHIN: Duration = Duration::from_secs(90);

/// What an event costs a receiver, in microseconds of the server's time.
struct Costs {
    message: f64,
    joining: f64,
    leaving: f64,
}

/// Fills a room and makes things happen in it.
pub fn run(
    running: &mut Running,
    people: &mut People,
    many: usize,
    runtime: &Runtime,
    progress: &mut Progress,
) -> io::Result<(Vec<Figure>, Vec<String>)> {
    let rounds = (ROUNDS * FEW / many).max(3);
    let place = runtime.block_on(async {
        people.grow(many + rounds, progress).await?;
        people.fill(1, many, 1, progress).await
    })?;
    let server = Watched::new("server", running.pid());
    let before = server.memory();
    let mut crowd = Crowd::open(&place, progress)?;
    crowd.settle(progress)?;
    let socket = server.memory().saturating_sub(before) as f64 / 1024.0 / many as f64;
    running.look_again();
    // The last ones are in neither room.
    let large = crowd.costs(last(people, rounds)?, runtime, &running.watched, progress)?;
    drop(crowd);
    let place = runtime.block_on(people.fill(1, FEW, 1, progress))?;
    let mut crowd = Crowd::open(&place, progress)?;
    crowd.settle(progress)?;
    let small = crowd.costs(last(people, ROUNDS)?, runtime, &running.watched, progress)?;
    let ratios = [large.message / small.message, large.joining / small.joining, large.leaving / small.leaving];
    let figures = vec![
        Figure::new(SOCKET, socket, "KiB"),
        Figure::new(GROWTH, ratios.into_iter().fold(0.0, f64::max), ""),
        Figure::new("a message, for each of 10,000", large.message, "µs"),
        Figure::new("a joining, for each of 10,000", large.joining, "µs"),
        Figure::new("a leaving, for each of 10,000", large.leaving, "µs"),
        Figure::new("a message, for each of 1,000", small.message, "µs"),
        Figure::new("a joining, for each of 1,000", small.joining, "µs"),
        Figure::new("a leaving, for each of 1,000", small.leaving, "µs"),
    ];
    Ok((figures, crowd.faults))
}

/// So many who have signed in last.
fn last(people: &People, many: usize) -> io::Result<&[Client]> {
    let from = people.clients().len().checked_sub(many);
    from.map(|from| &people.clients()[from..]).ok_or_else(|| io::Error::other("there are too few people"))
}

struct Crowd {
    swarm: Swarm,
    room: kernel::RoomId,
    name: String,
    /// The latest that each has heard.
    heard: Vec<u64>,
    faults: Vec<String>,
}

impl Crowd {
    fn open(place: &Place, progress: &mut Progress) -> io::Result<Self> {
        let [room, ..] = &place.rooms[..] else { return Err(io::Error::other("there is no room")) };
        let (heard, faults) = (Vec::new(), Vec::new());
        let mut crowd = Self { swarm: Swarm::new()?, room: room.id, name: room.id.to_string(), heard, faults };
        for token in &room.members {
            let started = crowd.swarm.open(place.addr, token)?;
            let entry = started.rooms.iter().find(|entry| entry.room.id == room.id);
            let entry = entry.ok_or_else(|| io::Error::other("a socket does not follow its room"))?;
            crowd.heard.push(entry.from_seq - 1);
            if crowd.heard.len().is_multiple_of(100) {
                // The first ones are asked whether they are still there before the last ones are.
                crowd.listen(Duration::ZERO)?;
            }
            progress.say(|| format!("{} of {} sockets", crowd.heard.len(), room.members.len()));
        }
        Ok(crowd)
    }

    fn listen(&mut self, timeout: Duration) -> io::Result<()> {
        let (heard, faults, name) = (&mut self.heard, &mut self.faults, &self.name);
        self.swarm.wait(timeout, &mut |number, what| match what {
            Some(Heard::Text(text)) => {
                if let Glance::Event { room, seq, .. } = glance::at(text)
                    && room == name.as_bytes()
                {
                    if seq != heard[number] + 1 {
                        faults.push(format!("after seq {} came {seq}", heard[number]));
                    }
                    heard[number] = seq;
                }
            }
            Some(Heard::Closed(code)) => faults.push(format!("a socket was closed with {code}")),
            None => faults.push("a connection has ended".to_owned()),
        })
    }

    /// Waits until nobody hears anything for a while.
    fn settle(&mut self, progress: &mut Progress) -> io::Result<()> {
        let begun = Instant::now();
        let (mut quiet_since, mut before) = (begun, self.swarm.heard());
        while quiet_since.elapsed() < QUIET {
            if begun.elapsed() > SETTLES_WITHIN {
                return Err(io::Error::other(format!("sockets are still told something after {SETTLES_WITHIN:?}")));
            }
            self.listen(Duration::from_millis(50))?;
            if self.swarm.heard() != before {
                (quiet_since, before) = (Instant::now(), self.swarm.heard());
                progress.say(|| "until all have been told who is there".to_owned());
            }
        }
        Ok(())
    }

    /// Waits until everybody has heard this.
    fn until(&mut self, seq: u64) -> io::Result<()> {
        let begun = Instant::now();
        while self.heard.iter().any(|heard| *heard < seq) {
            if let [fault, ..] = &self.faults[..] {
                return Err(io::Error::other(fault.clone()));
            }
            if begun.elapsed() > WITHIN {
                return Err(io::Error::other(format!("not everybody has heard event {seq} within {WITHIN:?}")));
            }
            self.listen(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// Lets as many things of each kind happen as there are visitors. All of one kind follow each other: one alone takes less
    /// than what the processor's time is counted in.
    fn costs(
        &mut self,
        visitors: &[Client],
        runtime: &Runtime,
        watched: &[Watched],
        progress: &mut Progress,
    ) -> io::Result<Costs> {
        let mut head = self.heard.iter().copied().max().unwrap_or(0);
        self.until(head)?;
        let spent = || watched.iter().map(Watched::cpu_time).sum::<Duration>();
        let receivers = self.heard.len();
        let each = |spent: Duration| spent.as_secs_f64() * 1e6 / (receivers * visitors.len()) as f64;
        let begun = spent();
        for round in 1..=visitors.len() {
            let message = SendMessage {
                room_id: self.room,
                body: glance::body(0, 0, 128),
                client_msg_id: uuid::Uuid::new_v4(),
                format: Format::Plain,
                reply_to: None,
                attachments: Vec::new(),
            };
            head += 1;
            // The last one may still be on its way to its answer.
            let id = head.to_string();
            self.swarm.send(0, &Request { id: &id, kind: "message.send", data: &message }.to_json())?;
            self.until(head)?;
            progress.say(|| format!("{receivers} have heard {round} messages"));
        }
        let said = spent();
        for (round, visitor) in visitors.iter().enumerate() {
            runtime.block_on(visitor.join(self.room)).map_err(hint)?;
            head += 1;
            self.until(head)?;
            progress.say(|| format!("{receivers} have heard {} come", round + 1));
        }
        let joined = spent();
        for (round, visitor) in visitors.iter().enumerate() {
            runtime.block_on(visitor.leave(self.room)).map_err(hint)?;
            head += 1;
            self.until(head)?;
            progress.say(|| format!("{receivers} have heard {} go", round + 1));
        }
        Ok(Costs { message: each(said - begun), joining: each(joined - said), leaving: each(spent() - joined) })
    }
}
