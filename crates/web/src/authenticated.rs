//! The caller, checked before the handler runs.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use contract::problem::{Problem, Slug};
use futures_util::future::LocalBoxFuture;
use identity::{Refusal, Verifier};
use kernel::Principal;

use crate::Failure;

/// Who is asking. A handler that takes it is reached with a valid token of a live session only.
#[derive(Clone, Debug)]
pub struct Authenticated(pub Principal);

impl FromRequest for Authenticated {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verifier = request.app_data::<Data<Verifier>>().map(|data| Arc::clone(data));
        let token = bearer(request).map(str::to_owned);
        Box::pin(async move {
            let token = token.ok_or_else(|| {
                Failure::new(Slug::TokenInvalid, "Send an access token: Authorization: Bearer <token>.")
            })?;
            let verifier = verifier.ok_or_else(|| Failure::new(Slug::Internal, "Tokens are not set up."))?;
            let principal = verifier.authenticate(&token).await.map_err(|refusal| refusal_problem(&refusal))?;
            Ok(Self(principal))
        })
    }
}

/// The request's bearer token, if it has one.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What a caller is told whose token was refused.
pub fn refusal_problem(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Invalid => Problem::new(Slug::TokenInvalid, "The access token is not valid. Sign in again."),
        Refusal::Expired => Problem::new(Slug::TokenExpired, "The access token has expired. Refresh it."),
        Refusal::SessionRevoked => Problem::new(Slug::SessionRevoked, "The session has ended. Sign in again."),
        Refusal::AccountDisabled => Problem::new(Slug::AccountDisabled, "The account is disabled."),
        Refusal::Unavailable => {
            Problem::new(Slug::AuthUnavailable, "The session cannot be checked at the moment. Nothing was done.")
                .retry_after(std::time::Duration::from_secs(1))
        }
    }
}
