//! The contract of the ports, as cases that every store must pass. A new store adds a factory and a line per suite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on is a test that fails")]

mod live_sessions;
mod nodes;
mod outbox;
mod samples;
mod sessions;
mod sign_in_throttle;
mod stores;
mod two_nodes;
mod users;

/// Runs each case of a suite on a fresh store.
macro_rules! suite {
    ($suite:ident on $store:ident from $factory:path: $($case:ident)*) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    crate::$suite::$case($factory().await).await;
                }
            )*
        }
    };
}
pub(crate) use suite;
