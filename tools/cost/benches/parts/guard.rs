//! The guard over a connection's bytes, for each of many small frames: where it has the most to look at.

use criterion::{Criterion, Throughput};

use crate::fixtures::frames::{pass_guard, small_frames};

const FRAMES: usize = 10_000;

pub(crate) fn measure(criterion: &mut Criterion) {
    let chunks = small_frames(FRAMES);
    let mut group = criterion.benchmark_group("guard");
    group.throughput(Throughput::Elements(FRAMES as u64));
    group.bench_function("small frames", |bencher| bencher.iter(|| pass_guard(&chunks)));
    group.finish();
}
