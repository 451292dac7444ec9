//! What the other services may ask, with the key that they share. No client is let in here, and no document for clients
//! names it.

mod check_sessions;
mod get_profile;
mod service;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use auth_usecase::Auth;
use identity::ServiceKey;
use web::BodyLimit;

/// Bytes of a body at most: 5,000 ids in quotes, with room for white space between them.
const MAX_BODY: usize = 256 * 1024;

/// Adds the routes. Where there is no key, they are not to be added.
pub fn configure(auth: Arc<Auth>, key: ServiceKey, config: &mut ServiceConfig) {
    let (auth, key) = (Data::from(auth), Data::new(key));
    config
        .service(
            web::resource("/internal/v1/sessions")
                .app_data(BodyLimit(MAX_BODY))
                .app_data(auth.clone())
                .app_data(key.clone())
                .post(check_sessions::check_sessions),
        )
        .service(web::resource("/internal/v1/users/{id}").app_data(auth).app_data(key).get(get_profile::get_profile));
}
