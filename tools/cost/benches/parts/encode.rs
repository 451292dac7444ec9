//! Between bytes and types: a request's text, a committed message on its way to the bus, and the frame that all followers share.

use std::hint::black_box;

use chat_handler::live::measure;
use chat_usecase::ChatRules;
use criterion::{Criterion, Throughput};

use crate::fixtures::frames::send_message;
use crate::messages::messages;
use crate::{runtime, silent_store};

pub(crate) fn measure(criterion: &mut Criterion) {
    let store = silent_store(&runtime());
    let event = messages(&store, store.room.head_seq, 1).remove(0);
    let payload = measure::payload(&event);
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(1));
    group.bench_function("message to payload", |bencher| bencher.iter(|| measure::payload(black_box(&event))));
    group.bench_function("payload to frame", |bencher| bencher.iter(|| measure::frame(black_box(&payload))));
    group.finish();
    let rules = ChatRules::default();
    let text = send_message(store.room.id, 1);
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(1));
    group.bench_function("text to message.send", |bencher| bencher.iter(|| measure::parsed(black_box(&text), &rules)));
    group.finish();
}
