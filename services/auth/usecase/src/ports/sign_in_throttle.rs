//! How fast one account's password may be guessed, from all addresses together.

use async_trait::async_trait;
use auth_entity::Login;
use kernel::{Timestamp, UserId};
use limit::Decision;

/// Counts sign-ins by login and by account, with [`auth_entity::AccountThrottle`].
///
/// By login it counts what was typed, known or not, so that it tells nobody which accounts exist (I22). By account it
/// counts both of its logins together. It MUST bound its memory, and MUST NOT fail open.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SignInThrottle: Send + Sync {
    /// Counts an attempt, before anything is known about it.
    async fn attempt(&self, login: &Login, now: Timestamp) -> Decision;

    /// Counts an attempt at an account, once it is known. To tell of a refusal would tell which two logins belong
    /// together (I22).
    async fn attempt_account(&self, account: UserId, now: Timestamp) -> Decision;

    /// Forgets the attempts at a login and at its account: their owner has signed in.
    async fn succeeded(&self, login: &Login, account: UserId);
}
