//! `POST /v1/auth/signout`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use auth_usecase::Auth;
use contract::problem::Problem;
use web::{Authenticated, Failure, NoBody};

use crate::{problem, refresh_cookie};

/// Ends the caller's session. It is dead everywhere when the answer arrives.
#[utoipa::path(
    post,
    path = "/v1/auth/signout",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "The session has ended."),
        (status = 401, description = "The token is not valid, or its session has ended before.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden` or `bad-origin`, with a cookie only.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`storage-unavailable` or `auth-unavailable`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_out(
    auth: Data<Auth>,
    Authenticated(principal): Authenticated,
    request: HttpRequest,
    _: NoBody,
) -> Result<HttpResponse, Failure> {
    let has_cookie = refresh_cookie::of(&request).is_some();
    if has_cookie {
        refresh_cookie::guard(&request)?;
    }
    auth.sign_out(principal.session_id).await.map_err(|error| problem::sign_out(&error))?;
    let mut response = HttpResponse::NoContent();
    if has_cookie {
        response.cookie(refresh_cookie::removal());
    }
    Ok(response.finish())
}
