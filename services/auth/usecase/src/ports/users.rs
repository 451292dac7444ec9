//! Where accounts are kept.

use async_trait::async_trait;
use auth_entity::{Login, PasswordHash, User};
use kernel::{StoreError, Timestamp, UserId};

use super::Message;

/// An account with what proves that one owns it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The account.
    pub user: User,
    /// The hash of its password.
    pub password_hash: PasswordHash,
}

/// What came of inserting an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InsertOutcome {
    /// It is there, durably.
    Inserted,
    /// Another account has the user name's key; nothing changed.
    UsernameTaken,
    /// Another account has the e-mail address's key; nothing changed.
    EmailTaken,
}

/// What came of changing a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplaceOutcome {
    /// It is changed and the message is in the outbox, durably.
    Replaced,
    /// The profile has another version by now, or the account is gone; nothing changed.
    Stale,
}

/// The store of accounts.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds an account. The outcome MUST come from the store's own constraints, so that of racing inserts of one name
    /// exactly one succeeds. When both names are taken, either may be reported.
    async fn insert(&self, account: &Account) -> Result<InsertOutcome, StoreError>;

    /// The account with this user name or e-mail address, disabled ones included. One look-up, whatever is found.
    async fn find_by_login(&self, login: &Login) -> Result<Option<Account>, StoreError>;

    /// The account with this id, disabled ones included.
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Puts a hash in another's place. It MUST change nothing when the account's hash is no longer `old`.
    async fn replace_hash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError>;

    /// Puts a profile in the place of the version before it, and a message about it in the outbox; one atomic change. It
    /// MUST change nothing when the account's version is no longer `user.profile_version - 1`, so that of racing changes
    /// of one version exactly one is `Replaced`.
    async fn replace_profile(
        &self,
        user: &User,
        message: &Message,
        now: Timestamp,
    ) -> Result<ReplaceOutcome, StoreError>;
}
