//! Messages that are appended together, until all are on the disk: a real file, and a real `fsync` for each batch.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};

use crate::{runtime, silent_store};

pub(crate) fn measure(criterion: &mut Criterion) {
    let runtime = runtime();
    let store = silent_store(&runtime);
    let mut group = criterion.benchmark_group("append");
    for batch in [1, 100, 1_000] {
        let entries = || (0..batch).map(|_| store.entry()).collect();
        group.throughput(Throughput::Elements(batch));
        group.bench_function(BenchmarkId::new("together", batch), |bencher| {
            bencher.iter_batched(entries, |entries| runtime.block_on(store.append(entries)), BatchSize::PerIteration);
        });
    }
    group.finish();
}
