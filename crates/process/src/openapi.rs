//! `/openapi.json`, derived from the types, and `/docs`, a page that shows it and needs no internet.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Data, ServiceConfig, scope};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa_swagger_ui::{Config, SwaggerUi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Natter",
        description = "A self-hosted, authenticated chat backend. The WebSocket at /v1/ws is described in docs/protocol.md. \
                       Every error is application/problem+json; its type is a page on this server.",
        license(name = "MIT", identifier = "MIT")
    ),
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

/// What the page of `/docs` may load: its own files, and icons that its style sheet has in it. It sets styles by script.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           connect-src 'self'; frame-ancestors 'none'";

/// The document of some services together.
pub fn document(services: impl IntoIterator<Item = utoipa::openapi::OpenApi>) -> utoipa::openapi::OpenApi {
    let mut document = Whole::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    for service in services {
        document.merge(service);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for path in document.paths.paths.values_mut() {
        let methods = [&mut path.get, &mut path.put, &mut path.post, &mut path.patch, &mut path.delete];
        methods.into_iter().flatten().for_each(declare_problems);
    }
    document
}

/// Adds the problems that are found before an operation begins, and says of all that they are problems.
fn declare_problems(operation: &mut Operation) {
    let is_guarded = operation.security.is_some();
    let has_body = operation.request_body.is_some();
    let parameters = || operation.parameters.iter().flatten();
    let has_id = parameters().any(|one| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Path));
    let has_query = parameters().any(|one| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query));
    let responses = &mut operation.responses.responses;
    for (applies, status, description) in [
        (has_body || has_query, "400", "`invalid-request`."),
        (is_guarded, "401", "`token-invalid`, `token-expired` or `session-revoked`."),
        (is_guarded, "403", "`account-disabled`."),
        (has_id, "404", "`not-found`."),
        (has_body, "413", "`payload-too-large`."),
        (has_body, "415", "`unsupported-media-type`."),
        (has_body, "422", "`validation-failed`, with every wrong field."),
        (is_guarded || has_body, "503", "`storage-unavailable`, `auth-unavailable` or `overloaded`."),
    ] {
        if applies {
            responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
        }
    }
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
        if let RefOr::T(response) = response {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content = [("application/problem+json".to_owned(), RefOr::T(problem))].into_iter().collect();
        }
    }
}

/// Adds the document and the page. The page's scripts are in the binary.
pub fn configure(config: &mut ServiceConfig, document: Arc<utoipa::openapi::OpenApi>) {
    let page = SwaggerUi::new("/{_:.*}").config(Config::new(["/openapi.json"]).use_base_layout());
    config
        .service(web::resource("/openapi.json").app_data(Data::from(document)).get(get_document))
        .service(redirect())
        .service(scope("/docs").wrap(DefaultHeaders::new().add((CONTENT_SECURITY_POLICY, DOCS_POLICY))).service(page));
}

async fn get_document(document: Data<utoipa::openapi::OpenApi>) -> HttpResponse {
    HttpResponse::Ok().json(&**document)
}

/// `/docs` without a slash, as people type it.
fn redirect() -> web::Methods {
    web::resource("/docs")
        .get(|| async { HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish() })
}
