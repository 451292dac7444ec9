//! Tickets for sockets of browsers, which cannot send a header (I21).

use async_trait::async_trait;
use kernel::{Principal, StoreError, Timestamp};

/// Keeps tickets until they are used or too old.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Makes a ticket for a caller, good until `until`. It MUST be unguessable: at least 128 random bits. `None` when
    /// too many wait to be used; those that are too old at `now` MUST NOT count.
    async fn issue(&self, principal: Principal, now: Timestamp, until: Timestamp)
    -> Result<Option<String>, StoreError>;

    /// Takes a ticket. Of any number of calls with one ticket at most one MUST get the caller back, and none after its
    /// time.
    async fn redeem(&self, ticket: &str, now: Timestamp) -> Result<Option<Principal>, StoreError>;
}
