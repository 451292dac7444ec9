//! The slow function that passwords go through.

use async_trait::async_trait;
use auth_entity::{Password, PasswordAttempt, PasswordHash};
use thiserror::Error;

use super::Unexpected;

/// What a hash says about an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is the password.
    Right {
        /// Whether the hash was made with other parameters than are in use now.
        outdated: bool,
    },
    /// It is not.
    Wrong,
}

/// Why nothing was hashed.
#[derive(Debug, Error)]
pub enum HashError {
    /// As much waits as may wait (I23). Nothing was done.
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// The hasher is broken, or was given something that is no hash.
    #[error("the password hasher failed: {0}")]
    Broken(Unexpected),
}

/// Hashes and verifies passwords, on threads of its own behind a bounded queue.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Makes a hash with a salt of its own and the parameters that are in use.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError>;

    /// Hashes an attempt again, because its hash is outdated.
    async fn rehash(&self, attempt: &PasswordAttempt) -> Result<PasswordHash, HashError>;

    /// Compares an attempt with a hash; the comparison MUST take the same time wherever the two differ.
    async fn verify(&self, attempt: &PasswordAttempt, hash: &PasswordHash) -> Result<Verdict, HashError>;

    /// A hash that no password has, made with the parameters that are in use: what an attempt at an unknown account is
    /// compared with, so that it costs the same (I22).
    fn decoy(&self) -> PasswordHash;
}
