//! One message's way from the reader to the sockets, counted step by step.
//!
//! The parts are those of the product. Only who takes turns is decided here: the store's thread waits in its sink while this
//! thread counts its own, and this thread waits while the store's is counted. So a batch is always as large as it is meant to
//! be, however busy the machine is.

use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};

use chat_entity::Event;
use chat_handler::live::measure;
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::count::Count;
use crate::fixtures::frames::{send_message, small_frames, take_texts};
use crate::fixtures::room::FollowedRoom;
use crate::fixtures::store::Store;
use crate::fixtures::token::signed_in;

/// Sockets that follow the room.
const FOLLOWERS: usize = 100;
/// How often it is counted.
const TIMES: usize = 3;
/// Messages in a round.
const MESSAGES: usize = 100;
/// Messages that a worker hears of at once: few enough that a socket's queue keeps its place.
const FEW: usize = 10;

/// What each step costs, for one of what it does: the least of a few times, as the thread that waits for the test allocates a
/// little at some moment, too.
pub(crate) fn all() -> BTreeMap<&'static str, Count> {
    let scene = Scene::open();
    // What is made once and kept, as prepared statements and queues are, is made in the first rounds.
    for (messages, heard) in [(MESSAGES, MESSAGES), (1, 1), (MESSAGES, FEW)] {
        scene.round(messages, heard);
    }
    let mut least = BTreeMap::new();
    for _ in 0..TIMES {
        for (step, count) in once(&scene) {
            least.entry(step).and_modify(|least: &mut Count| *least = least.min(count)).or_insert(count);
        }
    }
    least
}

fn once(scene: &Scene) -> BTreeMap<&'static str, Count> {
    let mut costs = scene.round(MESSAGES, FEW);
    costs.insert("deliver, a burst", scene.round(MESSAGES, MESSAGES)["deliver"]);
    costs.insert("append, one alone", scene.round(1, 1)["append"]);
    // The burst's queues were given back; the next few are counted with queues that are there.
    scene.round(MESSAGES, FEW);
    costs.extend([("frames", frames()), ("token", token())]);
    costs
}

/// The room, and its store, which waits after each commit.
struct Scene {
    room: FollowedRoom,
    committed: Receiver<Vec<Event>>,
    go_on: Sender<()>,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (told, committed) = bounded(1);
        let (go_on, may_go_on) = bounded(1);
        let sink = move |events: Vec<Event>| {
            told.send(events).unwrap();
            // The end of the test is the end of waiting.
            let _ = may_go_on.recv();
        };
        let store = runtime.block_on(Store::open(Box::new(sink)));
        Self { room: FollowedRoom::of(store, FOLLOWERS), committed, go_on, runtime }
    }

    /// So many messages from the text of their requests to the frames that leave; a worker hears of `heard` at once.
    fn round(&self, messages: usize, heard: usize) -> BTreeMap<&'static str, Count> {
        let hub = &self.room.hub;
        let mut context = Context::from_waker(Waker::noop());
        let texts: Vec<_> = (0..messages).map(|number| send_message(self.room.store.room.id, number)).collect();
        let held = self.hold();

        let mut requests = Vec::with_capacity(messages);
        let (request, ()) = Count::of(|| {
            for text in &texts {
                let mut request = hub.request(text);
                assert!(request.as_mut().poll(&mut context).is_pending(), "it waits for its commit");
                requests.push(request);
            }
        });
        let (append, events) = Count::of(|| self.next_commit());
        assert_eq!(events.len(), messages, "all are in one transaction");

        let (encode, _) = Count::of(|| events.iter().for_each(|event| drop(measure::payload(event))));
        let [mut announce, mut deliver, mut write, mut reply] = [Count::default(); 4];
        self.room.announce(&held);
        hub.deliver();
        hub.take_frames();
        for (events, requests) in events.chunks(heard).zip(requests.chunks_mut(heard)) {
            announce += Count::of(|| self.room.announce(events)).0;
            let (count, delivered) = Count::of(|| hub.deliver());
            assert_eq!(delivered, events.len());
            deliver += count;
            let (count, taken) = Count::of(|| hub.take_frames());
            assert_eq!(taken, events.len() * FOLLOWERS, "every socket gets every message");
            write += count;
            let answer = || requests.iter_mut().all(|request| request.as_mut().poll(&mut context).is_ready());
            let (count, all_are_answered) = Count::of(answer);
            assert!(all_are_answered, "they are committed");
            assert_eq!(hub.take_frames(), requests.len(), "every request has its reply");
            reply += count;
        }
        self.go_on.send(()).unwrap();
        let deliveries = messages * FOLLOWERS;
        BTreeMap::from([
            ("request", request.each(messages)),
            ("append", append.each(messages)),
            ("encode", encode.each(messages)),
            ("announce", announce.each(messages)),
            ("deliver", deliver.each(deliveries)),
            ("write", write.each(deliveries)),
            ("reply", reply.each(messages)),
        ])
    }

    /// Commits one message and keeps the store's thread right after that, so that what is handed over now waits together.
    fn hold(&self) -> Vec<Event> {
        let store = &self.room.store;
        self.runtime.block_on(store.append(vec![store.entry()]));
        self.committed.recv().unwrap()
    }

    /// Lets the store's thread go on until its next commit.
    fn next_commit(&self) -> Vec<Event> {
        self.go_on.send(()).unwrap();
        self.committed.recv().unwrap()
    }
}

/// What ten thousand small frames allocate on their way from a connection's bytes.
fn frames() -> Count {
    const FRAMES: usize = 10_000;
    let chunks = small_frames(FRAMES);
    let (count, taken) = Count::of(|| take_texts(&chunks));
    assert_eq!(taken, FRAMES);
    count.each(FRAMES)
}

/// What checking a token allocates.
fn token() -> Count {
    const CHECKS: usize = 100;
    let (verifier, token, caller) = signed_in(kernel::UserId::new(), "ada");
    let check = || {
        let mut check = std::pin::pin!(verifier.authenticate(&token));
        match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => assert_eq!(outcome.as_ref(), Ok(&caller)),
            Poll::Pending => panic!("everything is in memory"),
        }
    };
    check();
    Count::of(|| (0..CHECKS).for_each(|_| check())).0.each(CHECKS)
}
