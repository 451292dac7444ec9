//! Checking an access token, the question about its session included.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use kernel::UserId;

use crate::fixtures::token::signed_in;
use crate::runtime;

pub(crate) fn measure(criterion: &mut Criterion) {
    let runtime = runtime();
    let (verifier, token, principal) = signed_in(UserId::new(), "ada");
    let mut group = criterion.benchmark_group("token");
    group.throughput(Throughput::Elements(1));
    group.bench_function("check", |bencher| {
        bencher.iter(|| {
            let caller = runtime.block_on(verifier.authenticate(black_box(&token)));
            assert_eq!(caller.as_ref(), Ok(&principal));
        });
    });
    group.finish();
}
