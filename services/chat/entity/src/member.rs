//! Who is in a room.

use kernel::{Timestamp, UserId};

use crate::Seq;

/// What chat knows of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// The account.
    pub id: UserId,
    /// The unique name.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// Where the picture is.
    pub avatar_url: Option<String>,
}

/// What a member may do; each may do all that the ones before may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Read and write.
    Member,
    /// Look after the room.
    Admin,
    /// Everything.
    Owner,
}

/// One user's place in one room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Membership {
    /// What the user may do.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// Up to where the user has read; it never moves back.
    pub read_seq: Seq,
}
