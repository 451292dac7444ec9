//! How SQLite brings a commit to the disk: `.cargo/config.toml` builds it with `fdatasync`, which a file system with a journal
//! takes half as long for.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use database::sqlite::open_writer;
use testkit::PATIENCE;

/// Commits until it is told to stop.
fn commit(path: &Path, enough: &AtomicBool) {
    let connection = open_writer(path).unwrap();
    connection.execute_batch("CREATE TABLE numbers (number INTEGER)").unwrap();
    while !enough.load(Ordering::Relaxed) {
        connection.execute("INSERT INTO numbers VALUES (1)", []).unwrap();
    }
}

/// The system call that a thread of this process is in, if it waits in one.
fn system_call(thread: rustix::process::Pid) -> Option<libc::c_long> {
    let said = std::fs::read_to_string(format!("/proc/self/task/{}/syscall", thread.as_raw_nonzero())).unwrap();
    said.split_whitespace().next()?.parse().ok()
}

#[test]
fn a_commit_waits_for_its_data_and_not_for_the_time_of_its_file() {
    // On a disk: where syncing takes no time it cannot be seen.
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = home.path().join("test.db");
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        let (say, who) = std::sync::mpsc::channel();
        let (path, enough) = (&path, &enough);
        scope.spawn(move || {
            say.send(rustix::thread::gettid()).unwrap();
            commit(path, enough);
        });
        let writer = who.recv().unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut seen = None;
        while seen.is_none() && Instant::now() < deadline {
            seen = system_call(writer).filter(|call| [libc::SYS_fsync, libc::SYS_fdatasync].contains(call));
            thread::yield_now();
        }
        enough.store(true, Ordering::Relaxed);
        assert_eq!(seen, Some(libc::SYS_fdatasync), "None: no commit was seen to wait for a disk");
    });
}
