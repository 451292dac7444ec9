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
    /// Whether the connection is open. One that was is remembered until its lease ends, and counts only while the user
    /// has no open one.
    pub is_open: bool,
    /// Whether the connection is new, says something new, or has gone: nothing of that kind is merely repeated.
    pub is_news: bool,
    /// When it ends, unless it is renewed; at most [`LONGEST_LEASE`] from now counts. A time that has come ends it.
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

/// What a user has become to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    /// Who.
    pub user: UserId,
    /// The greatest status of all connections; `None` when there is none any more.
    pub status: Option<PresenceStatus>,
    /// When a connection of the user last renewed its lease or ended. It never goes back from one change of a user to the
    /// next.
    pub seen_at: Timestamp,
}

/// A forgetful memory of who is there, which all nodes share.
///
/// It never fails: what it could not note comes again with the next renewal, and what it cannot say is unknown.
///
/// It remembers what was told of each user, so that of all nodes one tells a change, and each only once: a change MUST be
/// given to exactly one caller. It MUST NOT say of its own accord that somebody has gone whose lease it may have lost or
/// could not renew; and while it may have lost what was told, it MUST give changes only by leases that are news.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PresenceLeases: Send + Sync {
    /// Notes leases, or renews them with a new status and end, all in one question; it gives those users who have become
    /// something else to others than what was told of them before, each once.
    async fn renew(&self, leases: &[Lease], now: Timestamp) -> Vec<PresenceChange>;

    /// Takes out leases that have ended by themselves and gives the users who have become something else by that, at most
    /// `limit`. There may be more when it gives that many.
    async fn take_ended(&self, limit: usize, now: Timestamp) -> Vec<PresenceChange>;

    /// Users who may be there, in no order: all who are, up to `limit`, and perhaps some whose leases have just ended.
    async fn candidates(&self, limit: usize) -> Vec<UserId>;

    /// What is known of each of these users, in their order and in one question. A lease that has ended MUST NOT count.
    /// It MUST NOT say that somebody is absent whose lease it may have lost.
    async fn present(&self, users: &[UserId], now: Timestamp) -> Vec<Presence>;
}
