//! `GET /v1/users/me`

use actix_web::HttpResponse;
use actix_web::web::Data;
use auth_usecase::Auth;
use contract::auth::OwnUser;
use contract::problem::Problem;
use web::{Authenticated, Failure};

use crate::{problem, view};

/// The caller's own account.
#[utoipa::path(
    get,
    path = "/v1/users/me",
    tag = "users",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account.", body = OwnUser),
        (status = 401, description = "The token is not valid, or its session has ended.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_me(auth: Data<Auth>, Authenticated(principal): Authenticated) -> Result<HttpResponse, Failure> {
    let user = auth.get_me(principal.user_id).await.map_err(|error| problem::get_me(&error))?;
    Ok(HttpResponse::Ok().json(view::own(&user)))
}
