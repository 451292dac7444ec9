//! Whether Redis is there: what lets commands through, and what remembers trouble.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Longer than this between two good probes is trouble of its own: this node did not look, because it was paused or
/// starved. It is as long as a revocation insists, so that none can come and give up while nobody looks.
pub(super) const LONGEST_LOOK_AWAY: Duration = Duration::from_millis(1_500);

/// Holds the one connection, if commands may use it.
///
/// A command that is late casts *doubt*: nothing more is sent until the probe has asked again over the same connection.
/// If that is late, too, the connection is *cut*, and the probe makes a new one. So a Redis that hangs costs each caller
/// its time at most once, and one slow command costs no connection.
pub(super) struct Breaker<C = MultiplexedConnection> {
    state: Mutex<State<C>>,
    closed: watch::Sender<bool>,
    doubted: Notify,
}

struct State<C> {
    link: Link<C>,
    /// Counts connections, so that what is reported of an old one does not touch the next.
    generation: u64,
    troubles: u64,
    /// Since when commands do not pass.
    away_since: Option<Instant>,
    last_trouble: Instant,
    last_good: Instant,
}

enum Link<C> {
    Away,
    Doubted(C),
    Up(C),
}

/// A connection and which one it is.
#[derive(Clone)]
pub(super) struct Held<C = MultiplexedConnection> {
    pub(super) connection: C,
    pub(super) generation: u64,
}

impl<C: Clone> Breaker<C> {
    /// Nothing is connected. Having been started is trouble: nobody knows what this node has missed.
    pub(super) fn open() -> Self {
        let now = Instant::now();
        let state = State {
            link: Link::Away,
            generation: 0,
            troubles: 0,
            away_since: Some(now),
            last_trouble: now,
            last_good: now,
        };
        Self { state: Mutex::new(state), closed: watch::Sender::new(false), doubted: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection for a command; `None` while Redis is away or doubted.
    pub(super) fn usable(&self) -> Option<Held<C>> {
        let state = self.state();
        match &state.link {
            Link::Up(connection) => Some(Held { connection: connection.clone(), generation: state.generation }),
            Link::Doubted(_) | Link::Away => None,
        }
    }

    /// The connection for the probe; `None` when there is none.
    pub(super) fn held(&self) -> Option<Held<C>> {
        let state = self.state();
        match &state.link {
            Link::Up(connection) | Link::Doubted(connection) => {
                Some(Held { connection: connection.clone(), generation: state.generation })
            }
            Link::Away => None,
        }
    }

    /// Notes that a command was late. The probe looks at once.
    pub(super) fn doubt(&self, generation: u64) {
        self.change(generation, |link| match link {
            Link::Up(connection) | Link::Doubted(connection) => Link::Doubted(connection),
            Link::Away => Link::Away,
        });
    }

    /// Throws the connection away. The probe makes another one at once.
    pub(super) fn cut(&self, generation: u64) {
        self.change(generation, |_| Link::Away);
    }

    fn change(&self, generation: u64, next: impl FnOnce(Link<C>) -> Link<C>) {
        let mut state = self.state();
        if state.generation == generation && !matches!(state.link, Link::Away) {
            state.link = next(std::mem::replace(&mut state.link, Link::Away));
            state.trouble();
            state.away_since.get_or_insert(Instant::now());
            self.closed.send_replace(false);
            self.doubted.notify_one();
        }
    }

    /// Takes a new connection, over which a probe was good. That is trouble, too: the end of it.
    pub(super) fn connected(&self, connection: C) {
        let mut state = self.state();
        state.link = Link::Up(connection);
        state.generation += 1;
        state.last_good = Instant::now();
        state.trouble();
        state.away_since = None;
        self.closed.send_replace(true);
    }

    /// Notes that a probe was good.
    pub(super) fn good(&self, generation: u64) {
        let mut state = self.state();
        if state.generation != generation {
            return;
        }
        let looked_away = state.last_good.elapsed() > LONGEST_LOOK_AWAY;
        state.last_good = Instant::now();
        match std::mem::replace(&mut state.link, Link::Away) {
            Link::Away => {}
            Link::Up(connection) => {
                state.link = Link::Up(connection);
                if looked_away {
                    state.trouble();
                }
            }
            Link::Doubted(connection) => {
                state.link = Link::Up(connection);
                state.trouble();
                state.away_since = None;
                self.closed.send_replace(true);
            }
        }
    }

    /// Whether nothing was wrong for this long, up to now.
    pub(super) fn calm_for(&self, span: Duration) -> bool {
        let state = self.state();
        matches!(state.link, Link::Up(_))
            && state.last_trouble.elapsed() >= span
            && state.last_good.elapsed() <= LONGEST_LOOK_AWAY
    }

    /// For how long commands have not passed; zero when they do.
    pub(super) fn away_for(&self) -> Duration {
        self.state().away_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// How often something was wrong since the start.
    pub(super) fn troubles(&self) -> u64 {
        self.state().troubles
    }

    /// Tells when commands pass.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Waits until somebody casts doubt or cuts.
    pub(super) async fn doubted(&self) {
        self.doubted.notified().await;
    }
}

impl<C> State<C> {
    fn trouble(&mut self) {
        self.troubles += 1;
        self.last_trouble = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const CALM: Duration = Duration::from_secs(30);

    /// A breaker over a connection that has been good for long enough.
    async fn calm() -> Breaker<u8> {
        let breaker = Breaker::open();
        breaker.connected(1);
        good_for(&breaker, CALM).await;
        assert!(breaker.calm_for(CALM));
        breaker
    }

    async fn good_for(breaker: &Breaker<u8>, span: Duration) {
        let generation = breaker.held().unwrap().generation;
        let end = Instant::now() + span;
        while Instant::now() < end {
            advance(Duration::from_millis(500)).await;
            breaker.good(generation);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_command_lets_none_pass_until_a_good_probe_and_is_remembered_from_then_on() {
        let breaker = calm().await;
        let generation = breaker.usable().unwrap().generation;
        breaker.doubt(generation);
        assert!(breaker.usable().is_none() && breaker.held().is_some());
        breaker.doubted().await;
        advance(CALM).await;
        breaker.good(generation);
        assert!(breaker.usable().is_some(), "one late command costs no connection");
        assert!(!breaker.calm_for(Duration::from_millis(1)), "the trouble ends now, not when it began");
        good_for(&breaker, CALM).await;
        assert!(breaker.calm_for(CALM));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_said_of_an_old_connection_does_not_touch_the_next() {
        let breaker = calm().await;
        let old = breaker.usable().unwrap().generation;
        breaker.cut(old);
        assert!(breaker.held().is_none());
        breaker.connected(2);
        let troubles = breaker.troubles();
        breaker.cut(old);
        breaker.doubt(old);
        assert_eq!((breaker.usable().unwrap().connection, breaker.troubles()), (2, troubles));
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_a_cut_and_a_reconnect_are_each_a_trouble() {
        let breaker = Breaker::open();
        assert!(!breaker.calm_for(Duration::ZERO), "nothing is calm before there is a connection");
        breaker.connected(1);
        let mut seen = vec![breaker.troubles()];
        breaker.cut(1);
        seen.push(breaker.troubles());
        breaker.connected(2);
        seen.push(breaker.troubles());
        assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
        assert!(!breaker.calm_for(Duration::from_millis(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_has_not_looked_is_not_calm_neither_before_nor_after_it_looks_again() {
        let breaker = calm().await;
        let troubles = breaker.troubles();
        advance(LONGEST_LOOK_AWAY + Duration::from_millis(1)).await;
        assert!(!breaker.calm_for(CALM));
        breaker.good(1);
        assert!(!breaker.calm_for(CALM));
        assert!(breaker.usable().is_some() && breaker.troubles() > troubles);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_away_is_counted_from_the_first_doubt() {
        let breaker = calm().await;
        assert_eq!(breaker.away_for(), Duration::ZERO);
        breaker.doubt(1);
        advance(Duration::from_secs(1)).await;
        breaker.cut(1);
        advance(Duration::from_secs(1)).await;
        assert_eq!(breaker.away_for(), Duration::from_secs(2));
        breaker.connected(2);
        assert_eq!(breaker.away_for(), Duration::ZERO);
    }
}
