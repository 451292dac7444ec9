//! Stopping without losing anything: what is in flight is answered, then every socket is sent away, spread over the time
//! that the other nodes need to take them in (I15).

use std::rc::Rc;
use std::time::Duration;

use aws_lc_rs::rand;
use contract::frames::close;
use tokio::sync::mpsc;

use super::shard::Shard;
use super::socket::Ending;

/// Even a few do not come back all at once.
const SHORTEST_SPREAD: Duration = Duration::from_secs(1);
/// A hint is never longer than this.
const LONGEST_SPREAD: Duration = Duration::from_secs(30);

impl Shard {
    /// Closes all sockets and drops `done` when they are gone.
    pub(super) async fn drain(self: Rc<Self>, done: mpsc::Sender<()>) {
        self.spread.set(self.spread_for(self.live.fanout.open_sockets()));
        let sockets = self.all_sockets();
        for socket in &sockets {
            socket.is_draining.set(true);
            socket.stop.notify_one();
        }
        // Nobody is to seem gone who is about to come back.
        let _ = tokio::time::timeout(self.live.settings.drain_within, self.hold_leases(&sockets)).await;
        let gone = futures_util::future::join_all(sockets.iter().map(|socket| socket.outbox.gone()));
        let settings = &self.live.settings;
        // Each socket has a deadline of its own; this is for the case that one was missed.
        let _ = tokio::time::timeout(settings.drain_within + settings.close_within * 2, gone).await;
        drop(done);
    }

    /// Over how long so many sockets come back.
    fn spread_for(&self, sockets: usize) -> Duration {
        let per_second = f64::from(self.live.settings.reconnects_per_second.max(1));
        let sockets = f64::from(u32::try_from(sockets).unwrap_or(u32::MAX));
        Duration::from_secs_f64(sockets / per_second).clamp(SHORTEST_SPREAD, LONGEST_SPREAD)
    }

    /// Why and when a socket comes back.
    pub(super) fn drained(&self) -> Ending {
        let retry_after = Some(self.spread.get().max(SHORTEST_SPREAD).mul_f64(random_share()));
        Ending { retry_after, ..Ending::new(close::DRAINING, "the server is about to stop") }
    }
}

/// A number between 0 and 1.
fn random_share() -> f64 {
    let mut bytes = [0; 4];
    // Without random numbers all come back in the middle of the time: worse, and not wrong.
    if rand::fill(&mut bytes).is_err() {
        return 0.5;
    }
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
