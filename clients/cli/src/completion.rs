//! What Tab does: it finds what a half-written word can become, and goes through it.

/// The names that can be completed; the app keeps them up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Rooms.
    pub rooms: Vec<String>,
    /// People.
    pub users: Vec<String>,
}
