//! The program alone: how soon it is ready, what it takes while nobody is there, and how large it is.

use std::fs;
use std::io;
use std::time::Duration;

use crate::figure::Figure;
use crate::progress::Progress;
use crate::scenario::{BINARY, IDLE, READY};
use crate::servers::{Hashes, Kind, Programs, Running};

/// How often it is started.
const TIMES: usize = 5;
/// What is needed at start only has been given back by then.
const SETTLES_WITHIN: Duration = Duration::from_secs(2);

/// Starts it with nothing, several times.
pub async fn run(programs: &Programs, progress: &mut Progress) -> io::Result<Vec<Figure>> {
    let mut slowest = Duration::ZERO;
    let mut memory = 0;
    for turn in 0..TIMES {
        progress.say(|| format!("{turn} of {TIMES} starts"));
        let running = Running::start(Kind::Embedded, programs, Hashes::Real).await?;
        slowest = slowest.max(running.started_in);
        tokio::time::sleep(SETTLES_WITHIN / TIMES as u32).await;
        memory = running.watched.iter().map(crate::watch::Watched::memory).sum::<u64>().max(memory);
        running.stop().await;
    }
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    Ok(vec![
        Figure::new(READY, slowest.as_secs_f64() * 1e3, "ms"),
        Figure::new(IDLE, mib(memory), "MiB"),
        Figure::new(BINARY, mib(fs::metadata(&programs.natter)?.len()), "MiB"),
    ])
}
