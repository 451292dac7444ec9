//! `GET /v1/users/{id}`

use actix_web::HttpResponse;
use actix_web::web::Data;
use auth_usecase::Auth;
use contract::auth::PublicUser;
use contract::problem::{Problem, Slug};
use kernel::UserId;
use web::{Authenticated, Failure, Id, store_failure};

use crate::view;

/// Somebody's public profile.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    tag = "users",
    security(("bearer" = [])),
    params(("id" = UserId, Path, description = "The account.")),
    responses(
        (status = 200, description = "The profile.", body = PublicUser),
        (status = 401, description = "The token is not valid, or its session has ended.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_user(auth: Data<Auth>, _: Authenticated, Id(id): Id<UserId>) -> Result<HttpResponse, Failure> {
    let user = auth.get_user(id).await.map_err(|error| store_failure(&error))?;
    let user = user.ok_or_else(|| Failure::new(Slug::NotFound, "There is no user with this id."))?;
    Ok(HttpResponse::Ok().json(view::public(&user)))
}
