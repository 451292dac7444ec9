//! From what the fan-out has told a worker to the frames that its sockets' connections take: for each delivery.

use chat_entity::Seq;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};

use crate::fixtures::room::FollowedRoom;
use crate::messages::messages;
use crate::{runtime, silent_store};

/// Messages that a worker hears of at once.
const BATCH: usize = 10;

pub(crate) fn measure(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("deliver");
    for followers in [100, 1_000] {
        let room = FollowedRoom::of(silent_store(&runtime), followers);
        let mut head = room.store.room.head_seq;
        let mut tell = || {
            room.announce(&messages(&room.store, head, BATCH));
            head = Seq::new(head.get() + BATCH as u64);
        };
        let deliver = |()| {
            assert_eq!(room.hub.deliver(), BATCH);
            assert_eq!(room.hub.take_frames(), BATCH * followers);
        };
        group.throughput(Throughput::Elements((BATCH * followers) as u64));
        group.bench_function(BenchmarkId::new("sockets", followers), |bencher| {
            bencher.iter_batched(&mut tell, deliver, BatchSize::PerIteration);
        });
    }
    group.finish();
}
