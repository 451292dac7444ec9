//! The contract of the ports, as cases that every store must pass. A new store adds a factory and a line to `suite`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on is a test that fails")]

mod log;
mod nodes;
mod people;
mod postgres;
mod presence_leases;
mod reopening;
mod rooms;
mod samples;
mod stores;
mod tickets;

/// Runs each case on a fresh store of each kind.
macro_rules! suite {
    (@on $store:ident: $($case:ident)*) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case(crate::stores::$store().await).await;
                }
            )*
        }
    };
    ($($case:ident)*) => {
        crate::suite!(@on sqlite: $($case)*);
        crate::suite!(@on postgres: $($case)*);
    };
}
pub(crate) use suite;
