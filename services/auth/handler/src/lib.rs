//! The auth service's HTTP surface: one file for each endpoint, and one that says what each error is to a client.

mod get_me;
mod get_user;
pub mod internal;
mod jwks;
mod openapi;
mod problem;
mod refresh;
mod refresh_cookie;
mod sign_in;
mod sign_out;
mod sign_up;
mod update_me;
mod view;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use auth_entity::PasswordPolicy;
use auth_usecase::Auth;
use contract::auth::Jwks;

pub use openapi::openapi;

/// What the endpoints stand on. Beside it, the application needs `Data<identity::Verifier>` and, for browsers from
/// elsewhere, `Data<web::AllowedOrigins>`.
#[derive(Clone)]
pub struct Surface {
    /// The use cases.
    pub auth: Arc<Auth>,
    /// What is asked of new passwords.
    pub policy: PasswordPolicy,
    /// The public keys, as they are shown.
    pub jwks: Jwks,
}

/// Adds the routes.
pub fn configure(surface: Surface, config: &mut ServiceConfig) {
    config
        .app_data(Data::from(surface.auth))
        .app_data(Data::new(surface.policy))
        .app_data(Data::new(surface.jwks))
        .service(web::resource("/v1/auth/signup").post(sign_up::sign_up))
        .service(web::resource("/v1/auth/signin").post(sign_in::sign_in))
        .service(web::resource("/v1/auth/refresh").post(refresh::refresh))
        .service(web::resource("/v1/auth/signout").post(sign_out::sign_out))
        .service(web::resource("/.well-known/jwks.json").get(jwks::jwks))
        // Before the path with an id, which would take `me` for one.
        .service(web::resource("/v1/users/me").get(get_me::get_me).patch(update_me::update_me))
        .service(web::resource("/v1/users/{id}").get(get_user::get_user));
}
