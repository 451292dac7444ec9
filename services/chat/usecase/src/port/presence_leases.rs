//! Who is there: leases that a node renews for its connections, and that end by themselves when the node does.

use std::time::Duration;

use async_trait::async_trait;
use chat_entity::PresenceStatus;
use kernel::{ConnectionId, Timestamp, UserId};

/// No lease lasts longer: this is how long somebody may seem to be there whose node was killed.
pub const LONGEST_LEASE: Duration = Duration::from_secs(45);

/// One connection's word that its user is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose it is.
    pub user: UserId,
    /// The connection that holds it; it has one lease.
    pub connection: ConnectionId,
    /// What it says.
    pub status: PresenceStatus,
    /// When it ends, unless it is renewed; at most [`LONGEST_LEASE`] from now counts.
    pub until: Timestamp,
}

/// What is known of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Some connection holds a lease; this is the greatest status of all that do.
    Here(PresenceStatus),
    /// No connection holds one.
    Absent,
    /// Nobody can say: the memory is away, or has lost something and all leases have not been renewed yet.
    Unknown,
}

/// A forgetful memory of who is there, which all nodes share.
///
/// It never fails: what it could not note comes again with the next renewal, and what it cannot say is unknown.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PresenceLeases: Send + Sync {
    /// Notes a lease, or renews it with a new status and end. One that has ended at `now` notes nothing.
    async fn renew(&self, lease: Lease, now: Timestamp);

    /// Ends a connection's lease before its time. It MUST NOT touch those of the user's other connections.
    async fn end(&self, user: UserId, connection: ConnectionId);

    /// What is known of each of these users, in their order and in one question. A lease that has ended MUST NOT count.
    /// It MUST NOT say that somebody is absent whose lease it may have lost.
    async fn present(&self, users: &[UserId], now: Timestamp) -> Vec<Presence>;
}
