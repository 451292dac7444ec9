//! People on all nodes who talk in the same rooms, through a fault and until everything is told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use natter_client::{RoomId, Server};
use serde_json::Value;
use testkit::{Person, until};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::balancer::Balancer;
use crate::client::{Diary, Phase, Talker};
use crate::fleet::Fleet;
use crate::history;

const PEOPLE: usize = 6;
const ROOMS: usize = 3;

/// A conversation that goes on.
pub(crate) struct Load {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) people: Vec<Person>,
    rooms: Vec<RoomId>,
    phase: watch::Sender<Phase>,
    heads: watch::Sender<HashMap<RoomId, u64>>,
    clients: Vec<natter_client::Client>,
    talkers: Vec<JoinHandle<Diary>>,
    _balancer: Balancer,
}

/// What became of it.
pub(crate) struct Told {
    /// How many messages there were.
    pub(crate) messages: usize,
    /// The longest time from a message's first sending until somebody heard it.
    pub(crate) slowest: Duration,
    /// How often somebody connected.
    pub(crate) connections: u32,
}

impl Load {
    /// Starts a fleet, and people who talk.
    pub(crate) async fn start() -> Self {
        let fleet = Arc::new(Fleet::start().await);
        let rest = fleet.rest();
        let mut people = Vec::new();
        for _ in 0..PEOPLE {
            people.push(rest.person("talker").await);
        }
        let mut rooms = Vec::new();
        for _ in 0..ROOMS {
            let room = rest.room(&people[0]).await;
            for person in &people[1..] {
                rest.join(person, &room).await;
            }
            rooms.push(room.parse().unwrap());
        }
        let behind = Arc::clone(&fleet);
        let balancer = Balancer::start(move || behind.running()).await;
        let server = Server::new(balancer.addr().to_string().parse().unwrap()).unwrap();
        let mut clients = Vec::new();
        for person in &people {
            clients.push(server.sign_in(&person.username, &person.password, "faults").await.unwrap());
        }
        let (phase, phases) = watch::channel(Phase::Talking);
        let (heads, known_heads) = watch::channel(HashMap::new());
        let begun = Instant::now();
        let talkers = clients
            .iter()
            .map(|client| {
                let talker = Talker {
                    client: client.clone(),
                    rooms: rooms.clone(),
                    phase: phases.clone(),
                    begun,
                    heads: known_heads.clone(),
                    entered: HashSet::new(),
                    diary: Diary::default(),
                };
                tokio::spawn(talker.run())
            })
            .collect();
        let load = Self { fleet, people, rooms, phase, heads, clients, talkers, _balancer: balancer };
        load.goes_on(50).await;
        load
    }

    /// How many messages there are, as any node says that answers.
    async fn messages(&self) -> Option<u64> {
        let mut sum = 0;
        for room in &self.rooms {
            let rest = self.fleet.rest();
            let request = rest.request(reqwest::Method::GET, &format!("/v1/rooms/{room}"));
            let answer =
                request.bearer_auth(&self.people[0].token).timeout(Duration::from_secs(6)).send().await.ok()?;
            let body: Value = answer.json().await.ok()?;
            sum += body["room"]["head_seq"].as_u64()?;
        }
        Some(sum)
    }

    /// Returns when so many more messages have been stored: everything works.
    pub(crate) async fn goes_on(&self, more: u64) {
        let before = until("a node answers", async || self.messages().await).await;
        let has_more = async || self.messages().await.filter(|now| *now >= before + more);
        until("messages are stored again", has_more).await;
    }

    /// Lets everybody finish, checks all that must hold, and tells how it was.
    pub(crate) async fn finish(self) -> Told {
        self.goes_on(50).await;
        self.phase.send_replace(Phase::Listening);
        // Whoever still has something in flight settles it; then nothing is added any more.
        let mut last = 0;
        until("the talk has ended", async || {
            let now = self.messages().await?;
            let has_ended = now == std::mem::replace(&mut last, now);
            tokio::time::timeout(Duration::from_millis(500), std::future::pending::<()>()).await.ok();
            has_ended.then_some(())
        })
        .await;
        let rest = self.fleet.rest();
        let mut logs = HashMap::new();
        for room in &self.rooms {
            logs.insert(*room, history::whole_log(&rest, &self.people[0], *room).await);
        }
        self.heads.send_replace(logs.iter().map(|(room, log)| (*room, log.len() as u64)).collect());
        self.phase.send_replace(Phase::Over);
        let mut diaries = Vec::new();
        for talker in self.talkers {
            let diary = tokio::time::timeout(Duration::from_secs(30), talker).await;
            diaries.push(diary.expect("everybody hears everything in the end").expect("nobody saw anything wrong"));
        }
        history::check(&logs, &diaries);
        for person in &self.people {
            rest.get("/v1/users/me", &person.token).await.expect(200);
        }
        for client in &self.clients {
            client.my_rooms().await.expect("everybody is signed in still");
        }
        Told {
            messages: diaries.iter().map(|diary| diary.sent.len()).sum(),
            slowest: diaries.iter().flat_map(|diary| &diary.delays).copied().max().unwrap_or_default(),
            connections: diaries.iter().map(|diary| diary.connections).sum(),
        }
    }
}

pub(crate) fn report(what: &str, told: &Told) {
    println!("{what}: {} messages, slowest {:?}, {} connections", told.messages, told.slowest, told.connections);
}
