//! What each error of a use case is to a client. The matches are exhaustive: a new error does not compile until it has a
//! status.

use std::fmt::Display;
use std::time::Duration;

use auth_usecase::{GetMeError, RefreshError, SignInError, SignOutError, SignUpError, UpdateProfileError};
use contract::problem::{FieldError, Problem, Slug};
use web::{Failure, refused, store_failure};

/// When to try again after the hasher was full: it works off its queue in about that time.
const HASHER_RETRY: Duration = Duration::from_secs(1);

pub(crate) fn sign_up(error: &SignUpError) -> Failure {
    match error {
        SignUpError::RateLimited { retry_after } => {
            refused("Too many sign-ups from this address.", *retry_after).into()
        }
        SignUpError::UsernameTaken => {
            taken(Slug::UsernameTaken, "username", "Somebody has this user name. Choose another.")
        }
        SignUpError::EmailTaken => taken(Slug::EmailTaken, "email", "There is an account with this e-mail address."),
        SignUpError::Overloaded => overloaded(),
        SignUpError::Store(error) => store_failure(error).into(),
        SignUpError::Unexpected(cause) => internal(cause),
    }
}

pub(crate) fn sign_in(error: &SignInError) -> Failure {
    match error {
        SignInError::RateLimited { retry_after } => {
            refused("Too many sign-ins. Wait a moment, then try again.", *retry_after).into()
        }
        SignInError::InvalidCredentials => {
            Failure::new(Slug::InvalidCredentials, "The login or the password is wrong.")
        }
        SignInError::AccountDisabled => disabled(),
        SignInError::Overloaded => overloaded(),
        SignInError::Store(error) => store_failure(error).into(),
        SignInError::Unexpected(cause) => internal(cause),
    }
}

pub(crate) fn refresh(error: &RefreshError) -> Failure {
    match error {
        RefreshError::Invalid => Failure::new(Slug::TokenInvalid, "The refresh token is not valid. Sign in again."),
        RefreshError::RateLimited { retry_after } => {
            refused("Too many refreshes of this session.", *retry_after).into()
        }
        RefreshError::SessionRevoked => revoked(),
        RefreshError::AccountDisabled => disabled(),
        RefreshError::Store(error) => store_failure(error).into(),
        RefreshError::Unexpected(cause) => internal(cause),
    }
}

pub(crate) fn sign_out(error: &SignOutError) -> Failure {
    match error {
        SignOutError::SessionRevoked => revoked(),
        SignOutError::Store(error) => store_failure(error).into(),
    }
}

pub(crate) fn get_me(error: &GetMeError) -> Failure {
    match error {
        GetMeError::Gone => revoked(),
        GetMeError::Store(error) => store_failure(error).into(),
    }
}

pub(crate) fn update_profile(error: &UpdateProfileError) -> Failure {
    match error {
        UpdateProfileError::Gone => revoked(),
        UpdateProfileError::Contended => {
            Failure::new(Slug::Conflict, "The profile is being changed from elsewhere. Look at it, then try again.")
        }
        UpdateProfileError::Store(error) => store_failure(error).into(),
        UpdateProfileError::Unexpected(cause) => internal(cause),
    }
}

fn taken(slug: Slug, field: &str, detail: &str) -> Failure {
    let mut problem = Problem::new(slug, detail);
    problem.errors.push(FieldError::new(field, "is taken"));
    problem.into()
}

fn revoked() -> Failure {
    Failure::new(Slug::SessionRevoked, "The session has ended. Sign in again.")
}

fn disabled() -> Failure {
    Failure::new(Slug::AccountDisabled, "The account is disabled.")
}

fn overloaded() -> Failure {
    let detail = "Too many people sign in at this moment. Nothing was done; try again shortly.";
    Problem::new(Slug::Overloaded, detail).retry_after(HASHER_RETRY).into()
}

/// The cause is logged here, once, and never shown.
fn internal(cause: impl Display) -> Failure {
    tracing::error!(%cause, "a use case failed unexpectedly");
    Failure::new(Slug::Internal, "Something went wrong on the server. It has been logged.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::StoreError;

    #[test]
    fn a_client_never_sees_a_cause() {
        let cause = || "/var/lib/natter is full".into();
        for failure in [
            sign_in(&SignInError::Unexpected(cause())),
            sign_up(&SignUpError::Store(StoreError::Unavailable(cause()))),
            refresh(&RefreshError::Store(StoreError::Unknown(cause()))),
        ] {
            assert!(!failure.0.detail.contains("/var/lib") && failure.0.status >= 500, "{failure}");
        }
    }

    #[test]
    fn what_may_have_happened_is_said_and_what_did_not_is_not() {
        let unknown = sign_up(&SignUpError::Store(StoreError::Unknown("gone".into())));
        assert_eq!(unknown.0.definite, Some(false));
        let overloaded = sign_up(&SignUpError::Overloaded);
        assert_eq!((overloaded.0.code, overloaded.0.definite), (Slug::Overloaded, None));
        assert_eq!(overloaded.0.retry_after_ms, Some(1_000));
    }

    #[test]
    fn a_long_wait_is_cut_to_thirty_seconds() {
        let hour = Duration::from_secs(3_600);
        let failure = sign_up(&SignUpError::RateLimited { retry_after: hour });
        assert_eq!((failure.0.status, failure.0.retry_after_ms), (429, Some(30_000)));
    }
}
