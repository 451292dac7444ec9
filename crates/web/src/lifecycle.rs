//! Where the process is between its start and its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Says whether the process is about to stop. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    draining: Arc<AtomicBool>,
}

impl Lifecycle {
    /// From now on: not ready, and no new sockets. There is no way back.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether [`drain`](Self::drain) was called.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }
}
