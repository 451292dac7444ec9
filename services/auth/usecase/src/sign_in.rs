//! Beginning a session with a password.

use std::net::IpAddr;
use std::time::Duration;

use auth_entity::{Device, Login, PasswordAttempt, Session, User};
use kernel::StoreError;
use limit::Decision;
use thiserror::Error;

use crate::ports::{Account, HashError, Liveness, Unexpected, Verdict};
use crate::{Auth, Tokens};

/// What one needs to sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// A user name or an e-mail address.
    pub login: Login,
    /// What is said to be the password.
    pub password: PasswordAttempt,
    /// What to call the device.
    pub device: Option<Device>,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// A session that has begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// Its tokens.
    pub tokens: Tokens,
    /// Whose it is.
    pub user: User,
}

/// Why there is no session.
#[derive(Debug, Error)]
pub enum SignInError {
    /// Too many attempts from this address, or at this account.
    #[error("too many sign-ins")]
    RateLimited {
        /// When one more is allowed.
        retry_after: Duration,
    },
    /// Unknown account or wrong password; an observer cannot tell which (I22).
    #[error("unknown account or wrong password")]
    InvalidCredentials,
    /// The password was right, and the account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// Too many passwords wait to be hashed; nothing was done.
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Something failed that should not.
    #[error("signing in failed: {0}")]
    Unexpected(Unexpected),
}

impl Auth {
    /// Begins a session, if the password is the account's.
    pub async fn sign_in(&self, request: SignIn) -> Result<SignedIn, SignInError> {
        self.admit(&request).await?;
        let account = self.ports.users.find_by_login(&request.login).await.map_err(SignInError::Store)?;
        let Account { user, .. } = self.verify(account, &request.password).await?;
        self.ports.throttle.succeeded(&request.login).await;
        if user.disabled_at.is_some() {
            return Err(SignInError::AccountDisabled);
        }
        let now = self.ports.clock.now();
        let session = Session::open(user.id, request.device, request.address, now);
        // Made before the session is stored, so that a broken key leaves no session that nobody holds.
        let tokens = self.tokens(&user, session, now).map_err(SignInError::Unexpected)?;
        let id = tokens.session.id;
        // Nobody knows the session yet. The memory is asked for its fence, which has to be older than what fills it.
        let liveness = self.ports.live_sessions.lookup(id, now).await;
        self.ports.sessions.open(&tokens.session).await.map_err(SignInError::Store)?;
        if let Liveness::Unknown(fence) = liveness {
            self.ports.live_sessions.fill(id, fence, now, tokens.session.expires_at()).await;
        }
        Ok(SignedIn { tokens, user })
    }

    async fn admit(&self, request: &SignIn) -> Result<(), SignInError> {
        let key = limit::address_key(request.address);
        if let Decision::Refused { retry_after } = self.ports.limiter.check(&self.limits.sign_in, &key).await {
            return Err(SignInError::RateLimited { retry_after });
        }
        match self.ports.throttle.attempt(&request.login, self.ports.clock.now()).await {
            Decision::Allowed => Ok(()),
            Decision::Refused { retry_after } => Err(SignInError::RateLimited { retry_after }),
        }
    }

    /// Compares the password exactly once, with a decoy where there is no account (I22).
    async fn verify(&self, account: Option<Account>, attempt: &PasswordAttempt) -> Result<Account, SignInError> {
        let hasher = &self.ports.hasher;
        let hash = account.as_ref().map_or_else(|| hasher.decoy(), |account| account.password_hash.clone());
        let verdict = hasher.verify(attempt, &hash).await.map_err(|error| match error {
            HashError::Overloaded => SignInError::Overloaded,
            HashError::Broken(cause) => SignInError::Unexpected(cause),
        })?;
        match (verdict, account) {
            (Verdict::Right { outdated }, Some(account)) => {
                if outdated {
                    self.renew_hash(&account, attempt).await;
                }
                Ok(account)
            }
            (Verdict::Right { .. } | Verdict::Wrong, _) => Err(SignInError::InvalidCredentials),
        }
    }

    /// Brings a hash to today's parameters. Failing to is no reason to turn away somebody who knows the password.
    async fn renew_hash(&self, account: &Account, attempt: &PasswordAttempt) {
        let renewed = match self.ports.hasher.rehash(attempt).await {
            Ok(hash) => {
                let replaced = self.ports.users.replace_hash(account.user.id, &account.password_hash, &hash).await;
                replaced.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(cause) = renewed {
            tracing::warn!(user_id = %account.user.id, cause, "an outdated password hash could not be renewed");
        }
    }
}

#[cfg(test)]
mod tests;
