//! What a forgetful memory says about a session, and what it takes to teach it.

use uuid::Uuid;

/// What is known about a session without asking the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Liveness {
    /// It was live a moment ago and nobody has revoked it since.
    Live,
    /// It was revoked.
    Ended,
    /// Nothing is known: ask the store, and then fill the memory with what it said, with this fence.
    Unknown(Fence),
}

/// The state in which a memory was when it knew nothing of a session.
///
/// Whoever fills the memory with what the store has said hands it back. A memory that has lost something in between may
/// have lost a revocation, which the store's answer did not know of either, and so it takes the fill only when it is
/// still in that state (I18).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fence(Option<(Uuid, u64)>);

impl Fence {
    /// The fence of a memory that is out of reach: nothing can be filled with it. A memory that loses nothing may hand
    /// it out as well, and look at no fence at all.
    pub const NONE: Self = Self(None);

    /// The fence of the memory that goes by this name, seen over a connection that had had this many troubles.
    pub const fn new(incarnation: Uuid, troubles: u64) -> Self {
        Self(Some((incarnation, troubles)))
    }

    /// What it was made of.
    pub const fn parts(self) -> Option<(Uuid, u64)> {
        self.0
    }
}
