//! Making an account.

use std::net::IpAddr;
use std::time::Duration;

use auth_entity::{DisplayName, Email, Password, User, Username};
use kernel::StoreError;
use limit::Decision;
use thiserror::Error;

use crate::Auth;
use crate::ports::{Account, HashError, InsertOutcome, Unexpected};

/// What one needs to sign up.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The name to be known by.
    pub username: Username,
    /// The address to be reached at.
    pub email: Email,
    /// The password.
    pub password: Password,
    /// The name to show; the user name when there is none.
    pub display_name: Option<DisplayName>,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// Why there is no new account.
#[derive(Debug, Error)]
pub enum SignUpError {
    /// Too many accounts from this address.
    #[error("too many sign-ups from this address")]
    RateLimited {
        /// When one more is allowed.
        retry_after: Duration,
    },
    /// Somebody has the user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// Somebody has the e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Too many passwords wait to be hashed; nothing was done.
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Something failed that should not.
    #[error("signing up failed: {0}")]
    Unexpected(Unexpected),
}

impl Auth {
    /// Makes an account, unless one of its names is taken. It signs nobody in.
    pub async fn sign_up(&self, request: SignUp) -> Result<User, SignUpError> {
        let key = limit::address_key(request.address);
        if let Decision::Refused { retry_after } = self.ports.limiter.check(&self.limits.sign_up, &key).await {
            return Err(SignUpError::RateLimited { retry_after });
        }
        let password_hash = self.ports.hasher.hash(&request.password).await.map_err(|error| match error {
            HashError::Overloaded => SignUpError::Overloaded,
            HashError::Broken(cause) => SignUpError::Unexpected(cause),
        })?;
        let now = self.ports.clock.now();
        let user = User::new(request.username, request.email, request.display_name, now);
        let account = Account { user, password_hash };
        match self.ports.users.insert(&account).await.map_err(SignUpError::Store)? {
            InsertOutcome::Inserted => Ok(account.user),
            InsertOutcome::UsernameTaken => Err(SignUpError::UsernameTaken),
            InsertOutcome::EmailTaken => Err(SignUpError::EmailTaken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};
    use auth_entity::PasswordPolicy;
    use std::net::Ipv4Addr;

    fn request() -> SignUp {
        SignUp {
            username: mocks::user().username,
            email: mocks::user().email,
            password: Password::judge("a fine long one".to_owned(), PasswordPolicy::default()).unwrap(),
            display_name: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    #[tokio::test]
    async fn a_new_account_is_stored_with_the_hash_and_not_the_password() {
        let mut mocks = Mocks::default();
        mocks.hasher.expect_hash().times(1).returning(|_| Ok(mocks::hash()));
        mocks
            .users
            .expect_insert()
            .times(1)
            .withf(|account| account.password_hash == mocks::hash() && account.user.display_name.as_str() == "Ann")
            .returning(|_| Ok(InsertOutcome::Inserted));
        let user = mocks.auth().sign_up(request()).await.unwrap();
        assert_eq!(user.created_at, mocks::now());
    }

    #[tokio::test]
    async fn a_taken_name_is_told_apart() {
        for (outcome, username) in [(InsertOutcome::UsernameTaken, true), (InsertOutcome::EmailTaken, false)] {
            let mut mocks = Mocks::default();
            mocks.hasher.expect_hash().returning(|_| Ok(mocks::hash()));
            mocks.users.expect_insert().returning(move |_| Ok(outcome));
            let error = mocks.auth().sign_up(request()).await.unwrap_err();
            assert_eq!(matches!(error, SignUpError::UsernameTaken), username, "{error}");
            assert_eq!(matches!(error, SignUpError::EmailTaken), !username, "{error}");
        }
    }

    #[tokio::test]
    async fn an_address_over_its_limit_costs_no_hash() {
        let mocks = Mocks::refusing();
        let error = mocks.auth().sign_up(request()).await.unwrap_err();
        assert!(matches!(error, SignUpError::RateLimited { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_full_hasher_and_a_dead_store_are_told() {
        let mut mocks = Mocks::default();
        mocks.hasher.expect_hash().returning(|_| Err(HashError::Overloaded));
        assert!(matches!(mocks.auth().sign_up(request()).await, Err(SignUpError::Overloaded)));

        let mut mocks = Mocks::default();
        mocks.hasher.expect_hash().returning(|_| Ok(mocks::hash()));
        mocks.users.expect_insert().returning(|_| Err(StoreError::Unknown("gone".into())));
        assert!(matches!(mocks.auth().sign_up(request()).await, Err(SignUpError::Store(StoreError::Unknown(_)))));
    }
}
