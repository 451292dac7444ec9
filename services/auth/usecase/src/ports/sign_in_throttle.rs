//! How fast one account's password may be guessed, from all addresses together.

use async_trait::async_trait;
use auth_entity::Login;
use kernel::Timestamp;
use limit::Decision;

/// Counts sign-ins by login, with [`auth_entity::AccountThrottle`].
///
/// It counts what was typed, known or not, so that it tells nobody which accounts exist, nor which two logins belong
/// together (I22). It MUST bound its memory, and MUST NOT fail open.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SignInThrottle: Send + Sync {
    /// Counts an attempt, before anything is known about it.
    async fn attempt(&self, login: &Login, now: Timestamp) -> Decision;

    /// Forgets a login's attempts: its owner has signed in.
    async fn succeeded(&self, login: &Login);
}
