//! `/openapi.json`, derived from the types, and `/docs`, a page that shows it and needs no internet.

use actix_web::dev::HttpServiceFactory;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_swagger_ui::{Config, SwaggerUi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Natter",
        description = "A self-hosted, authenticated chat backend. The WebSocket at /v1/ws is described in docs/protocol.md. \
                       Every error is application/problem+json; its type is a page on this server.",
        license(name = "MIT", identifier = "MIT")
    ),
    paths(crate::meta::get_meta),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "users", description = "Profiles"),
        (name = "rooms", description = "Rooms and who is in them"),
        (name = "messages", description = "What is said"),
        (name = "live", description = "The WebSocket"),
        (name = "operations", description = "For operators and clients that adapt"),
    )
)]
struct Whole;

/// The document of both services.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Whole::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.merge(auth_handler::openapi());
    document.merge(chat_handler::openapi());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    document
}

/// The document and the page. Its scripts are in the binary.
pub(crate) fn docs(document: utoipa::openapi::OpenApi) -> impl HttpServiceFactory {
    SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", document).config(Config::default().use_base_layout())
}
