//! `POST /v1/auth/refresh`

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use auth_usecase::{Auth, Tokens};
use contract::auth::{RefreshAnswer, RefreshRequest, RefreshTransport, Secret, TokenType};
use contract::problem::{FieldError, Problem};
use web::{Failure, Json, NoBody};

use crate::{problem, refresh_cookie, view};

/// Gives the next pair of tokens for a refresh token, in the way in which the token came.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh",
    tag = "auth",
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "The next tokens. The token before them gives the same ones for 60 s.", body = RefreshAnswer),
        (status = 401, description = "`token-invalid`, or `session-revoked`: sign in again.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`account-disabled`, `forbidden` or `bad-origin`.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`rate-limited`.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`storage-unavailable`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refresh(auth: Data<Auth>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let (token, transport) = presented(&request, payload).await?;
    let tokens = auth.refresh(token.expose()).await.map_err(|error| problem::refresh(&error))?;
    Ok(answer(tokens, transport))
}

/// The token from the body, or else from the cookie, which a page of somebody else's must not make a browser send.
async fn presented(request: &HttpRequest, payload: Payload) -> Result<(Secret, RefreshTransport), Failure> {
    let cookie = refresh_cookie::of(request);
    let mut payload = payload.into_inner();
    let body = if cookie.is_some() && !request.headers().contains_key(header::CONTENT_TYPE) {
        NoBody::from_request(request, &mut payload).await?;
        RefreshRequest::default()
    } else {
        Json::<RefreshRequest>::from_request(request, &mut payload).await?.0
    };
    match (body.refresh_token, cookie) {
        (Some(token), _) => Ok((token, RefreshTransport::Body)),
        (None, Some(token)) => {
            refresh_cookie::guard(request)?;
            Ok((token, RefreshTransport::Cookie))
        }
        (None, None) => Err(Problem::invalid(vec![FieldError::new("refresh_token", "is missing")]).into()),
    }
}

fn answer(tokens: Tokens, transport: RefreshTransport) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    let refresh_token = match transport {
        RefreshTransport::Body => Some(Secret::new(tokens.refresh_token)),
        RefreshTransport::Cookie => {
            response.cookie(refresh_cookie::carrying(tokens.refresh_token, &tokens.session));
            None
        }
    };
    response.json(RefreshAnswer {
        access_token: Secret::new(tokens.access_token),
        token_type: TokenType::Bearer,
        expires_in: tokens.expires_in.as_secs(),
        refresh_token,
        session: view::session(&tokens.session),
    })
}
