//! The description of this surface for programs; `natter` merges it with the chat's.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// Collects the endpoints. Types come with them.
#[derive(OpenApi)]
#[openapi(
    paths(
        crate::sign_up::sign_up,
        crate::sign_in::sign_in,
        crate::refresh::refresh,
        crate::sign_out::sign_out,
        crate::jwks::jwks,
        crate::get_me::get_me,
        crate::update_me::update_me,
        crate::get_user::get_user,
    ),
    tags(
        (name = "auth", description = "Accounts and sessions."),
        (name = "users", description = "Profiles."),
    ),
    modifiers(&Bearer)
)]
struct Surface;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The OpenAPI document of the auth service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Surface::openapi()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_and_its_types_are_described() {
        let document = openapi();
        assert_eq!(document.paths.paths.len(), 7);
        let schemas = document.components.unwrap().schemas;
        for name in [
            "SignUpRequest",
            "SignInAnswer",
            "RefreshAnswer",
            "OwnUser",
            "UpdateProfile",
            "PublicUser",
            "Jwks",
            "Problem",
        ] {
            assert!(schemas.contains_key(name), "{name} is missing of {:?}", schemas.keys());
        }
    }
}
