//! Why a bearer token opens nothing.

use thiserror::Error;

/// What a caller learns; no more, because more would help only who makes tokens up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// It is not an access token of ours.
    #[error("the token is not valid")]
    Invalid,
    /// It was one, and has ended.
    #[error("the token has expired")]
    Expired,
    /// Its session is over.
    #[error("the session has ended")]
    SessionRevoked,
    /// Its account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// Nobody could say whether its session lives, or whether there is a key that it is signed with.
    #[error("the token could not be checked")]
    Unavailable,
}
