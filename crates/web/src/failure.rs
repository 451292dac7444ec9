//! A problem on its way out of a handler.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use contract::problem::{Problem, Slug};
use kernel::StoreError;
use std::time::Duration;

/// The error type of every handler. The body is written by [`crate::boundary`], which knows the request's id.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure(pub Box<Problem>);

impl Failure {
    /// A problem with nothing but a kind and a sentence.
    pub fn new(code: Slug, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let (429 | 503, Some(after)) = (self.0.status, self.0.retry_after_ms) {
            response.insert_header((header::RETRY_AFTER, after.div_ceil(1000).to_string()));
        }
        if self.0.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.0.as_ref().clone());
        response
    }
}

/// The problem of a limit that was crossed.
pub fn refused(detail: &str, retry_after: Duration) -> Problem {
    Problem::new(Slug::RateLimited, detail).retry_after(retry_after)
}

/// When to try again after the store was away: half a second, as it is mostly a restart.
const STORE_RETRY: Duration = Duration::from_millis(500);

/// The problem of a store that failed. Its cause is logged here, once, and never shown.
pub fn store_failure(error: &StoreError) -> Problem {
    tracing::error!(%error, "a store failed");
    match error {
        StoreError::Overloaded => {
            Problem::new(Slug::Overloaded, "Too many requests wait already. Nothing was done; try again shortly.")
                .retry_after(STORE_RETRY)
        }
        StoreError::Unavailable(_) => {
            Problem::new(Slug::StorageUnavailable, "The store cannot be used at the moment. Nothing was done.")
                .retry_after(STORE_RETRY)
        }
        StoreError::Unknown(_) => Problem::new(
            Slug::StorageUnavailable,
            "The store failed while it saved this. It may have happened: repeat it with the same id to settle it.",
        )
        .retry_after(STORE_RETRY)
        .indefinite(),
    }
}
