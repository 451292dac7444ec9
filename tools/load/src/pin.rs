//! Which cores a process runs on.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Lets this thread, and every thread and process that it starts from now on, run on these cores only.
pub fn to(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for core in cores {
        if *core >= CpuSet::MAX_CPU {
            return Err(io::Error::other(format!("there is no core {core}")));
        }
        set.set(*core);
    }
    let pinned = sched_setaffinity(None, &set);
    pinned.map_err(|error| io::Error::other(format!("cannot run on cores {cores:?}: {error}")))
}

/// The cores that this thread may run on.
pub fn cores() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}
