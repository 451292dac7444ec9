//! How present somebody is.

/// What a connection says of its user. Of several connections of a user the greatest is what others see: one who wants
/// not to be disturbed says so with any of them, and one who is away is away on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PresenceStatus {
    /// Connected, and not at it.
    Away,
    /// Connected.
    Online,
    /// Connected, and not to be disturbed.
    Dnd,
}
