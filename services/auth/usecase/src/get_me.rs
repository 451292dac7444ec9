//! Looking at one's own account.

use auth_entity::User;
use kernel::{StoreError, UserId};
use thiserror::Error;

use crate::Auth;

/// Why one's own account cannot be shown.
#[derive(Debug, Error)]
pub enum GetMeError {
    /// The account has gone, and with it the session that asked.
    #[error("the account has gone")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl Auth {
    /// The caller's own account.
    pub async fn get_me(&self, id: UserId) -> Result<User, GetMeError> {
        self.ports.users.find_by_id(id).await.map_err(GetMeError::Store)?.ok_or(GetMeError::Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};

    #[tokio::test]
    async fn an_account_that_has_gone_is_not_a_failing_store() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Ok(None));
        assert!(matches!(mocks.auth().get_me(mocks::user().id).await, Err(GetMeError::Gone)));
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Err(StoreError::Overloaded));
        assert!(matches!(mocks.auth().get_me(mocks::user().id).await, Err(GetMeError::Store(_))));
    }
}
