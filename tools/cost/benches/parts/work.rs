//! The same work without a clock, for `tools/cost/instructions`, which has its instructions counted.

use crate::fixtures::room::FollowedRoom;
use crate::messages::messages;
use crate::{runtime, silent_store};

/// The variable that asks for work instead of measuring.
pub(crate) const VARIABLE: &str = "COST_WORK";

/// Does what the words ask for: `deliver <followers> <messages>` or `append <batches of a hundred>`.
pub(crate) fn run(words: &str) {
    let words: Vec<_> = words.split_whitespace().collect();
    let number = |at: usize| -> usize { words[at].parse().unwrap() };
    match words[0] {
        "deliver" => deliver(number(1), number(2)),
        "append" => append(number(1)),
        other => panic!("there is no work {other:?}"),
    }
}

/// Messages that the fan-out hears of one by one, until their frames are taken.
fn deliver(followers: usize, count: usize) {
    let room = FollowedRoom::of(silent_store(&runtime()), followers);
    for event in messages(&room.store, room.store.room.head_seq, count) {
        room.announce(&[event]);
        assert_eq!(room.hub.deliver(), 1);
        assert_eq!(room.hub.take_frames(), followers);
    }
}

fn append(batches: usize) {
    let runtime = runtime();
    let store = silent_store(&runtime);
    for _ in 0..batches {
        let entries = (0..100).map(|_| store.entry()).collect();
        runtime.block_on(store.append(entries));
    }
}
