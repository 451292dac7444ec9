//! Rooms full of people who hear what a few of them say: how many deliveries a second, and after how long.
//!
//! Every message says when it was to be sent, by the plan and not by when we got round to it, so that a server that holds us
//! up does not hide the time it took (no coordinated omission). And every delivery is checked: each member of a room gets
//! each `seq`, in order, and in the end everything that was acknowledged.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use contract::chat::Format;
use contract::frames::SendMessage;
use hdrhistogram::Histogram;
use kernel::RoomId;

use crate::glance::{self, Glance};
use crate::place::Place;
use crate::progress::Progress;
use crate::socket::{Heard, Request};
use crate::swarm::Swarm;
use crate::watch::{Watched, own_cpu_time};

/// Bytes of a body.
const BODY: usize = 128;
/// How long the last messages may take to arrive.
const DRAIN_WITHIN: Duration = Duration::from_secs(20);
/// How long we sleep at most while nothing comes.
const NAP: Duration = Duration::from_millis(50);
/// A sleep of the system may take a millisecond too long; we stay awake for the last of it.
const AWAKE: Duration = Duration::from_millis(2);
/// The longest time that is told apart, in nanoseconds: a minute.
const LONGEST: u64 = 60_000_000_000;

/// When messages are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Each sender has this many on their way: not acknowledged, or not come back to the sender.
    Closed(usize),
    /// So many deliveries a second, whatever becomes of them.
    Open(f64),
}

/// How long it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Before that, to get warm.
    pub warm_up: Duration,
    /// What counts.
    pub measure: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Deliveries in the time that counts.
    pub deliveries: u64,
    /// Messages acknowledged in it.
    pub acknowledged: u64,
    /// How long it was.
    pub elapsed: Duration,
    /// From when a message was to be sent to its delivery, in nanoseconds.
    pub delivery: Histogram<u64>,
    /// The same to its acknowledgement.
    pub acknowledgement: Histogram<u64>,
    /// Processor time of each server process.
    pub cpu: Vec<(&'static str, Duration)>,
    /// Our own.
    pub own_cpu: Duration,
    /// What went wrong; empty when every guarantee held.
    pub faults: Vec<String>,
}

/// A socket in a room.
struct Member {
    room: usize,
    /// The last event that it has heard.
    seq: u64,
    sender: Option<Sender>,
}

/// What a sender has on its way.
#[derive(Default)]
struct Sender {
    /// Requests without an answer, and when each was to be sent.
    unanswered: VecDeque<(u64, u64)>,
    /// Messages that have not come back.
    unheard: usize,
}

struct Room {
    id: RoomId,
    name: String,
    senders: Vec<usize>,
}

struct Run<'a> {
    begun: Instant,
    rooms: Vec<Room>,
    members: Vec<Member>,
    pace: Pace,
    /// What counts, in nanoseconds of the run.
    counts: std::ops::Range<u64>,
    next_id: u64,
    outcome: Outcome,
    progress: &'a mut Progress,
}

/// Opens the sockets of a place and lets its senders talk.
pub fn run(
    place: &Place,
    pace: Pace,
    times: Times,
    watched: &[Watched],
    progress: &mut Progress,
) -> io::Result<Outcome> {
    let mut swarm = Swarm::new()?;
    let mut rooms = Vec::new();
    let mut members = Vec::new();
    for (number, room) in place.rooms.iter().enumerate() {
        let first = members.len();
        for token in &room.members {
            let started = swarm.open(place.addr, token)?;
            let entry = started.rooms.iter().find(|entry| entry.room.id == room.id);
            let entry = entry.ok_or_else(|| io::Error::other(format!("a socket does not follow room {}", room.id)))?;
            members.push(Member { room: number, seq: entry.from_seq - 1, sender: None });
            progress.say(|| format!("{} of {} sockets", members.len(), place.members()));
        }
        let senders: Vec<usize> = (first..first + place.senders).collect();
        for sender in &senders {
            members[*sender].sender = Some(Sender::default());
        }
        rooms.push(Room { id: room.id, name: room.id.to_string(), senders });
    }
    let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let from = nanos(times.warm_up);
    let counts = from..from + nanos(times.measure);
    let histogram = || Histogram::new_with_bounds(1_000, LONGEST, 3).map_err(io::Error::other);
    let outcome = Outcome {
        deliveries: 0,
        acknowledged: 0,
        elapsed: times.measure,
        delivery: histogram()?,
        acknowledgement: histogram()?,
        cpu: Vec::new(),
        own_cpu: Duration::ZERO,
        faults: Vec::new(),
    };
    let run = Run { begun: Instant::now(), rooms, members, pace, counts, next_id: 0, outcome, progress };
    run.go(&mut swarm, watched)
}

impl Run<'_> {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn go(mut self, swarm: &mut Swarm, watched: &[Watched]) -> io::Result<Outcome> {
        let mut spent = None;
        if let Pace::Closed(in_flight) = self.pace {
            for _ in 0..in_flight {
                for room in 0..self.rooms.len() {
                    for sender in self.rooms[room].senders.clone() {
                        self.send(swarm, sender, self.now())?;
                    }
                }
            }
        }
        let mut planned = 0_u64;
        loop {
            let now = self.now();
            if now >= self.counts.start && spent.is_none() {
                spent = Some((now, self.outcome.deliveries, self.outcome.acknowledged, spend(watched)));
            }
            if now >= self.counts.end || !self.outcome.faults.is_empty() {
                break;
            }
            let until = match self.pace {
                Pace::Closed(_) => NAP,
                Pace::Open(rate) => self.send_planned(swarm, rate, &mut planned)?,
            };
            self.listen(swarm, until, true)?;
            self.tell();
        }
        let now = self.now();
        if let Some((from, deliveries, acknowledged, (cpu, own))) = spent {
            let (cpu_now, own_now) = spend(watched);
            let spent = watched.iter().zip(cpu_now.iter().zip(&cpu));
            self.outcome.cpu = spent.map(|(watched, (now, then))| (watched.name, *now - *then)).collect();
            self.outcome.own_cpu = own_now - own;
            self.outcome.elapsed = Duration::from_nanos(now - from);
            self.outcome.deliveries -= deliveries;
            self.outcome.acknowledged -= acknowledged;
        }
        let counted = (self.outcome.deliveries, self.outcome.acknowledged);
        self.drain(swarm)?;
        (self.outcome.deliveries, self.outcome.acknowledged) = counted;
        Ok(self.outcome)
    }

    /// Sends what is due, and says how long until the next.
    fn send_planned(&mut self, swarm: &mut Swarm, rate: f64, planned: &mut u64) -> io::Result<Duration> {
        let people = self.members.len() as f64 / self.rooms.len() as f64;
        let gap = 1e9 * people / rate;
        loop {
            let due = (*planned as f64 * gap) as u64;
            let now = self.now();
            if due > now {
                let left = Duration::from_nanos(due - now);
                return Ok(left.checked_sub(AWAKE).unwrap_or_default());
            }
            let turn = usize::try_from(*planned).unwrap_or(0);
            let room = &self.rooms[turn % self.rooms.len()];
            let sender = room.senders[turn / self.rooms.len() % room.senders.len()];
            self.send(swarm, sender, due)?;
            *planned += 1;
        }
    }

    fn send(&mut self, swarm: &mut Swarm, number: usize, due: u64) -> io::Result<()> {
        let member = &mut self.members[number];
        let Some(sender) = &mut member.sender else { return Ok(()) };
        self.next_id += 1;
        sender.unanswered.push_back((self.next_id, due));
        sender.unheard += 1;
        let message = SendMessage {
            room_id: self.rooms[member.room].id,
            body: glance::body(due, u32::try_from(number).unwrap_or(u32::MAX), BODY),
            client_msg_id: uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid(),
            format: Format::Plain,
            reply_to: None,
            attachments: Vec::new(),
        };
        let id = self.next_id.to_string();
        swarm.send(number, &Request { id: &id, kind: "message.send", data: &message }.to_json())
    }

    /// Hears what comes, and in a closed loop lets those talk on who may.
    fn listen(&mut self, swarm: &mut Swarm, timeout: Duration, may_send: bool) -> io::Result<()> {
        let mut free: Vec<usize> = Vec::new();
        let mut last = usize::MAX;
        let mut now = 0;
        swarm.wait(timeout, &mut |number, heard| {
            // One look at the clock for all that one read has brought.
            if number != last {
                (last, now) = (number, self.now());
            }
            match heard {
                Some(Heard::Text(text)) => self.hear(number, text, now, &mut free),
                Some(Heard::Closed(code)) => self.fault(format!("a socket was closed with {code}")),
                None => self.fault("a connection has ended".to_owned()),
            }
        })?;
        if let Pace::Closed(in_flight) = self.pace
            && may_send
        {
            for number in free {
                while self.members[number].sender.as_ref().is_some_and(|sender| sender.on_their_way() < in_flight) {
                    self.send(swarm, number, self.now())?;
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, number: usize, text: &[u8], now: u64, free: &mut Vec<usize>) {
        let member = &mut self.members[number];
        match glance::at(text) {
            Glance::Event { room, seq, sent } => {
                if room != self.rooms[member.room].name.as_bytes() {
                    return;
                }
                if seq != member.seq + 1 {
                    let fault = format!("after seq {} of a room came {seq}", member.seq);
                    return self.fault(fault);
                }
                member.seq = seq;
                self.outcome.deliveries += 1;
                let Some((due, by)) = sent else { return };
                if self.counts.contains(&due) {
                    self.outcome.delivery.saturating_record(now.saturating_sub(due));
                }
                if by as usize == number
                    && let Some(sender) = &mut member.sender
                {
                    sender.unheard = sender.unheard.saturating_sub(1);
                    free.push(number);
                }
            }
            Glance::Reply { id, ok } => {
                let Some(sender) = &mut member.sender else { return };
                let Some(at) = sender.unanswered.iter().position(|(request, _)| *request == id) else { return };
                let Some((_, due)) = sender.unanswered.remove(at) else { return };
                free.push(number);
                if !ok {
                    let fault = format!("a message was refused: {}", String::from_utf8_lossy(text));
                    return self.fault(fault);
                }
                self.outcome.acknowledged += 1;
                if self.counts.contains(&due) {
                    self.outcome.acknowledgement.saturating_record(now.saturating_sub(due));
                }
            }
            Glance::Other => {}
        }
    }

    /// Waits until everybody has everything that was sent.
    fn drain(&mut self, swarm: &mut Swarm) -> io::Result<()> {
        let deadline = Instant::now() + DRAIN_WITHIN;
        while self.outcome.faults.is_empty() {
            let heads: Vec<u64> = (0..self.rooms.len()).map(|room| self.head(room)).collect();
            let senders = self.members.iter().filter_map(|member| member.sender.as_ref());
            let on_their_way: usize = senders.map(Sender::on_their_way).sum();
            let behind = self.members.iter().filter(|member| member.seq < heads[member.room]).count();
            if on_their_way == 0 && behind == 0 {
                break;
            }
            if Instant::now() > deadline {
                self.fault(format!("{on_their_way} messages and {behind} members are still waited for"));
                break;
            }
            self.listen(swarm, NAP, false)?;
        }
        Ok(())
    }

    /// The furthest that anybody has heard of a room.
    fn head(&self, room: usize) -> u64 {
        self.members.iter().filter(|member| member.room == room).map(|member| member.seq).max().unwrap_or(0)
    }

    fn fault(&mut self, fault: String) {
        if self.outcome.faults.len() < 5 {
            self.outcome.faults.push(fault);
        }
    }

    fn tell(&mut self) {
        let (deliveries, elapsed) = (self.outcome.deliveries, self.begun.elapsed());
        let warm =
            if self.counts.start > 0 && elapsed.as_nanos() < u128::from(self.counts.start) { "warm-up, " } else { "" };
        self.progress.say(|| format!("{warm}{} s, {deliveries} deliveries", elapsed.as_secs()));
    }
}

impl Sender {
    fn on_their_way(&self) -> usize {
        self.unanswered.len().max(self.unheard)
    }
}

fn spend(watched: &[Watched]) -> (Vec<Duration>, Duration) {
    (watched.iter().map(Watched::cpu_time).collect(), own_cpu_time())
}
