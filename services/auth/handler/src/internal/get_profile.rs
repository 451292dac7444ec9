//! `GET /internal/v1/users/{id}`

use actix_web::HttpResponse;
use actix_web::web::Data;
use auth_usecase::Auth;
use contract::internal::FoundProfile;
use kernel::UserId;
use web::{Failure, Id, store_failure};

use super::service::FromService;
use crate::view;

/// An account as others see it, and which version of it that is.
pub(super) async fn get_profile(_: FromService, auth: Data<Auth>, Id(id): Id<UserId>) -> Result<HttpResponse, Failure> {
    let user = auth.get_user(id).await.map_err(|error| store_failure(&error))?;
    Ok(HttpResponse::Ok().json(FoundProfile { profile: user.as_ref().map(view::internal) }))
}
