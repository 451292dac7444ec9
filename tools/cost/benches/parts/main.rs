//! How fast the parts are that each message and each delivery pass through, by the clock: `make bench-parts`.
//!
//! Criterion compares with the run before. On a machine that others use, read the smallest of a few runs.

#![allow(clippy::unwrap_used, reason = "in a bench a panic is how one says that it failed")]

mod append;
mod deliver;
mod encode;
#[path = "../../fixtures/mod.rs"]
mod fixtures;
mod frames;
mod messages;
mod token;
mod work;

use std::time::Duration;

use criterion::Criterion;

fn main() {
    if let Ok(words) = std::env::var(work::VARIABLE) {
        return work::run(&words);
    }
    // Short, as somebody waits for it; `cargo bench -p cost -- --measurement-time 20` takes its time.
    let criterion =
        Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    let mut criterion = criterion.sample_size(20).configure_from_args();
    encode::measure(&mut criterion);
    deliver::measure(&mut criterion);
    append::measure(&mut criterion);
    token::measure(&mut criterion);
    frames::measure(&mut criterion);
    criterion.final_summary();
}

/// A runtime for the thread that measures.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// A store that tells nobody what it commits.
fn silent_store(runtime: &tokio::runtime::Runtime) -> fixtures::store::Store {
    runtime.block_on(fixtures::store::Store::open(Box::new(drop)))
}
