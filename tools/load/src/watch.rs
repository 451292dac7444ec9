//! What a server costs, read from `/proc`: processor time and memory of its processes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::time::Duration;

/// A server process, together with those that it has started.
#[derive(Clone, Debug)]
pub struct Watched {
    /// What it is called in a report.
    pub name: &'static str,
    pids: Vec<i32>,
}

impl Watched {
    /// A process and its children, as they are now: looking for them takes too long to do it while something is measured.
    /// Those that come later count when they have ended.
    pub fn new(name: &'static str, pid: i32) -> Self {
        Self { name, pids: family(pid) }
    }

    /// Processor time since they began.
    pub fn cpu_time(&self) -> Duration {
        time(self.pids.iter().filter_map(|pid| Stat::of(*pid)).map(|stat| stat.ticks).sum())
    }

    /// Memory in bytes that they have for themselves: what they share is shared out among them.
    pub fn memory(&self) -> u64 {
        let kib = self.pids.iter().filter_map(|pid| {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        });
        kib.sum::<u64>() * 1024
    }
}

fn time(ticks: u64) -> Duration {
    Duration::from_nanos(ticks * 1_000_000_000 / rustix::param::clock_ticks_per_second())
}

/// Our own processor time.
pub fn own_cpu_time() -> Duration {
    let pid = i32::try_from(std::process::id()).unwrap_or(0);
    time(Stat::of(pid).map_or(0, |stat| stat.ticks_alone))
}

struct Stat {
    parent: i32,
    /// Of the process and of its children that have ended.
    ticks: u64,
    ticks_alone: u64,
}

impl Stat {
    /// See proc_pid_stat(5).
    fn of(pid: i32) -> Option<Self> {
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // A name may have spaces and brackets in it.
        let fields: Vec<&str> = line.rsplit_once(") ")?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<i64>().ok();
        let ticks = |number| field(number).and_then(|ticks| u64::try_from(ticks).ok());
        let ticks_alone = ticks(14)? + ticks(15)?;
        Some(Self { parent: field(4)?.try_into().ok()?, ticks: ticks_alone + ticks(16)? + ticks(17)?, ticks_alone })
    }
}

fn family(root: i32) -> Vec<i32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let parents: HashMap<i32, i32> = pids.filter_map(|pid| Some((pid, Stat::of(pid)?.parent))).collect();
    let mut members = HashSet::from([root]);
    loop {
        let before = members.len();
        let born = parents.iter().filter(|(_, parent)| members.contains(parent)).map(|(pid, _)| *pid);
        let born: Vec<_> = born.collect();
        members.extend(born);
        if members.len() == before {
            return members.into_iter().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Watched {
        Watched::new("test", std::process::id().try_into().unwrap())
    }

    #[test]
    fn work_shows_in_the_time_of_a_process() {
        let before = own().cpu_time();
        let mut sum = 0_u64;
        // Until it shows: a tick is ten milliseconds, and a busy machine gives us less.
        while own().cpu_time() < before + Duration::from_millis(20) {
            sum = (0..1_000_000).fold(sum, |sum, n| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert!(sum != 1 && own_cpu_time() > Duration::ZERO);
    }

    #[test]
    fn memory_shows_and_children_belong_to_their_parent() {
        assert!(own().memory() > 100_000);
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let members = own().pids;
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(members.contains(&i32::try_from(child.id()).unwrap()));
    }
}
