//! A connection's bytes on their way through the guard and the parser, for each of many small frames: where there is the most to
//! look at.

use criterion::{Criterion, Throughput};

use crate::fixtures::frames::{small_frames, take_texts};

const FRAMES: usize = 10_000;

pub(crate) fn measure(criterion: &mut Criterion) {
    let chunks = small_frames(FRAMES);
    let mut group = criterion.benchmark_group("frames");
    group.throughput(Throughput::Elements(FRAMES as u64));
    group.bench_function("small", |bencher| bencher.iter(|| take_texts(&chunks)));
    group.finish();
}
