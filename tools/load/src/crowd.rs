//! A room with very many sockets in it: what an idle socket takes, and whether what happens in the room costs
//! each of them the same however many they are.

use std::io;
use std::net::SocketAddr;
use std::ops::{AddAssign, Range};
use std::rc::Rc;
use std::time::{Duration, Instant};

use contract::chat::Format;
use contract::frames::SendMessage;
use natter_client::Client;
use tokio::runtime::Runtime;

use crate::figure::Figure;
use crate::glance::{self, Glance};
use crate::place::{self, People, hint};
use crate::progress::Progress;
use crate::scenario::{GROWTH, SOCKET};
use crate::servers::{Hashes, Kind, Programs, Running};
use crate::socket::{Heard, Request};
use crate::swarm::Swarm;
use crate::watch::Watched;

/// The two are measured in turn, since the machine is another one half a minute later, and what either hears counts.
const TURNS: usize = 4;
/// Events of each kind that the large crowd hears in its turn; the smaller one hears more, so that both take as long.
const ROUNDS: usize = 3;
/// How long a crowd may take to hear something.
const WITHIN: Duration = Duration::from_secs(30);
/// How long sockets hear nothing before their memory is looked at: they have been told of each other for a while.
const QUIET: Duration = Duration::from_secs(1);
/// How long that may take to come. A worker keeps 1,000 changes of presence waiting, and tells 128 a second to 10,000 sockets.
const SETTLES_WITHIN: Duration = Duration::from_secs(90);

/// How many there are.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// In the large crowd: the figures are called after 10,000.
    pub many: usize,
    /// In the smaller one, against which the large one is held: 1,000.
    pub few: usize,
}

/// Fills two rooms and makes things happen in them.
pub fn run(
    server: Kind,
    programs: &Programs,
    sizes: Sizes,
    runtime: &Runtime,
    progress: &mut Progress,
) -> io::Result<(Vec<Figure>, Vec<String>)> {
    let Sizes { many, few } = sizes;
    let rounds = ROUNDS * many / few;
    let (mut running, people, large, small) = runtime.block_on(async {
        let running = Running::start(server, programs, Hashes::CheapOnAllCores).await?;
        let mut people = People::of(running.addr)?;
        people.grow(many + few + rounds, progress).await?;
        let (large, small) = (people.meet(0..many).await?, people.meet(many..many + few).await?);
        // It would keep what passwords were hashed in, and put sockets there.
        let running = running.restart(server, programs, Hashes::Cheap, async |_, _| Ok(())).await?;
        let people = people.moved(running.addr).await?;
        io::Result::Ok((running, people, large, small))
    })?;
    // The last ones are in neither room.
    let visitors = &people.clients()[many + few..];
    let watched = Watched::new("server", running.pid());
    let mut crowds = Crowds::new()?;
    let small = crowds.open(people.addr(), &small, progress)?;
    crowds.settle(progress)?;
    let before = watched.memory();
    let large = crowds.open(people.addr(), &large, progress)?;
    crowds.settle(progress)?;
    let socket = watched.memory().saturating_sub(before) as f64 / 1024.0 / many as f64;
    running.look_again();
    let (mut among_many, mut among_few) = (Costs::default(), Costs::default());
    for turn in 1..=TURNS {
        progress.say(|| format!("turn {turn} of {TURNS}"));
        among_many += crowds.costs(&large, &visitors[..ROUNDS], runtime, &running.watched)?;
        among_few += crowds.costs(&small, visitors, runtime, &running.watched)?;
    }
    let each = |costs: &Costs, room: &Room, rounds: usize| costs.each(room.sockets.len() * rounds * TURNS);
    let (among_many, among_few) = (each(&among_many, &large, ROUNDS), each(&among_few, &small, rounds));
    let growth = among_many.iter().zip(&among_few).map(|(many, few)| many / few).fold(0.0, f64::max);
    let [message, joining, leaving] = among_many;
    let [message_few, joining_few, leaving_few] = among_few;
    let figures = vec![
        Figure::new(SOCKET, socket, "KiB"),
        Figure::new(GROWTH, growth, ""),
        Figure::new("a message, for each of 10,000", message, "µs"),
        Figure::new("a joining, for each of 10,000", joining, "µs"),
        Figure::new("a leaving, for each of 10,000", leaving, "µs"),
        Figure::new("a message, for each of 1,000", message_few, "µs"),
        Figure::new("a joining, for each of 1,000", joining_few, "µs"),
        Figure::new("a leaving, for each of 1,000", leaving_few, "µs"),
    ];
    runtime.block_on(running.stop());
    Ok((figures, crowds.faults))
}

/// The server's time for all events of each kind.
#[derive(Default)]
struct Costs {
    messages: Duration,
    joinings: Duration,
    leavings: Duration,
}

impl Costs {
    /// Of each kind for each receiver of each event, in microseconds.
    fn each(&self, receptions: usize) -> [f64; 3] {
        [self.messages, self.joinings, self.leavings].map(|time| time.as_secs_f64() * 1e6 / receptions as f64)
    }
}

impl AddAssign for Costs {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.joinings += other.joinings;
        self.leavings += other.leavings;
    }
}

/// One of the rooms, and which sockets are in it.
struct Room {
    id: kernel::RoomId,
    sockets: Range<usize>,
}

/// Sockets in rooms of which none has a socket of another.
struct Crowds {
    swarm: Swarm,
    /// Of each socket: the name of its room, and the latest that it has heard there.
    heard: Vec<(Rc<str>, u64)>,
    faults: Vec<String>,
}

impl Crowds {
    fn new() -> io::Result<Self> {
        Ok(Self { swarm: Swarm::new()?, heard: Vec::new(), faults: Vec::new() })
    }

    /// Opens a socket for each member.
    fn open(&mut self, addr: SocketAddr, room: &place::Room, progress: &mut Progress) -> io::Result<Room> {
        let (name, first): (Rc<str>, _) = (room.id.to_string().into(), self.heard.len());
        for (count, token) in room.members.iter().enumerate() {
            let started = self.swarm.open(addr, token)?;
            let entry = started.rooms.iter().find(|entry| entry.room.id == room.id);
            let entry = entry.ok_or_else(|| io::Error::other("a socket does not follow its room"))?;
            self.heard.push((Rc::clone(&name), entry.from_seq - 1));
            if count.is_multiple_of(100) {
                // The first ones are asked whether they are still there before the last ones are.
                self.listen(Duration::ZERO)?;
            }
            progress.say(|| format!("{count} of {} sockets", room.members.len()));
        }
        Ok(Room { id: room.id, sockets: first..self.heard.len() })
    }

    fn listen(&mut self, timeout: Duration) -> io::Result<()> {
        let (heard, faults) = (&mut self.heard, &mut self.faults);
        self.swarm.wait(timeout, &mut |number, what| match what {
            Some(Heard::Text(text)) => {
                let (name, latest) = &mut heard[number];
                if let Glance::Event { room, seq, .. } = glance::at(text)
                    && room == name.as_bytes()
                {
                    if seq != *latest + 1 {
                        faults.push(format!("after seq {latest} came {seq}"));
                    }
                    *latest = seq;
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

    /// Waits until everybody in the room has heard this.
    fn until(&mut self, room: &Room, seq: u64) -> io::Result<()> {
        let begun = Instant::now();
        while self.heard[room.sockets.clone()].iter().any(|(_, heard)| *heard < seq) {
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

    /// Lets as many things of each kind happen in the room as there are visitors. All of one kind follow each other: one alone
    /// takes less than what the processor's time is counted in.
    fn costs(&mut self, room: &Room, visitors: &[Client], runtime: &Runtime, watched: &[Watched]) -> io::Result<Costs> {
        let mut head = self.heard[room.sockets.clone()].iter().map(|(_, heard)| *heard).max().unwrap_or(0);
        self.until(room, head)?;
        let spent = || watched.iter().map(Watched::cpu_time).sum::<Duration>();
        let begun = spent();
        for _ in visitors {
            let message = SendMessage {
                room_id: room.id,
                body: glance::body(0, 0, 128),
                client_msg_id: uuid::Uuid::new_v4(),
                format: Format::Plain,
                reply_to: None,
                attachments: Vec::new(),
            };
            head += 1;
            // The last one may still be on its way to its answer.
            let id = head.to_string();
            let request = Request { id: &id, kind: "message.send", data: &message };
            self.swarm.send(room.sockets.start, &request.to_json())?;
            self.until(room, head)?;
        }
        let said = spent();
        for visitor in visitors {
            runtime.block_on(visitor.join(room.id)).map_err(hint)?;
            head += 1;
            self.until(room, head)?;
        }
        let joined = spent();
        for visitor in visitors {
            runtime.block_on(visitor.leave(room.id)).map_err(hint)?;
            head += 1;
            self.until(room, head)?;
        }
        Ok(Costs { messages: said - begun, joinings: joined - said, leavings: spent() - joined })
    }
}
