//! How a store fails: the one error that every store port has beside its expected outcomes.

use std::error::Error;
use std::fmt;

/// A store could not answer. What matters to a caller is what may have happened.
#[derive(Debug)]
pub enum StoreError {
    /// Too many callers wait already. Nothing was done; asking again later is safe.
    Overloaded,
    /// The store is away or refused to work. Nothing was done.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// The store failed while it committed: the change may or may not be there. Repeating the call with the same
    /// idempotency key settles it.
    Unknown(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overloaded => f.write_str("the store's queue is full"),
            Self::Unavailable(cause) => write!(f, "the store is unavailable: {cause}"),
            Self::Unknown(cause) => write!(f, "the store failed and the outcome is unknown: {cause}"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Overloaded => None,
            Self::Unavailable(cause) | Self::Unknown(cause) => Some(cause.as_ref()),
        }
    }
}
