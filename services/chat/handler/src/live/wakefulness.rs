//! Noticing that the whole process stood still for a while, as under SIGSTOP or when a virtual machine is moved: what it
//! believes of its sessions is as old as the pause then, and must be asked again before anybody is told anything.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::pace::Pace;
use super::shard::Shard;

/// A worker that has not looked at its deadlines for this long was stopped, or is so busy that it might as well have been.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// How long until the sessions are asked for again when nobody could say.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// When a worker was last seen awake.
pub(super) struct Wakefulness {
    seen_at: Cell<Instant>,
    must_verify: Cell<bool>,
    /// Held by the task that verifies; the others wait.
    verifying: Mutex<()>,
}

impl Wakefulness {
    pub(super) fn new() -> Self {
        Self { seen_at: Cell::new(Instant::now()), must_verify: Cell::new(false), verifying: Mutex::default() }
    }

    /// Begins to watch: what was before does not count.
    pub(super) fn begin(&self) {
        self.seen_at.set(Instant::now());
    }

    /// Says whether there was a pause after which the sessions have not been verified yet.
    pub(super) fn look(&self) -> bool {
        let now = Instant::now();
        if now - self.seen_at.replace(now) >= PAUSE {
            self.must_verify.set(true);
        }
        self.must_verify.get()
    }
}

impl Shard {
    /// Returns at once, unless the process stood still: then when the sessions of all sockets have been verified since.
    /// It ends, as sockets whose session cannot be verified are closed after a while.
    pub(super) async fn be_sure_of_sessions(self: &Rc<Self>) {
        while self.wakefulness.look() {
            let _only_one_asks = self.wakefulness.verifying.lock().await;
            if !self.wakefulness.look() {
                return;
            }
            tracing::warn!("this process stood still; nobody is told anything before the sessions are verified");
            if self.ask_for_sessions(&Pace::AT_ONCE).await {
                self.wakefulness.must_verify.set(false);
            } else {
                tokio::time::sleep(ASK_AGAIN_AFTER).await;
            }
        }
    }
}
