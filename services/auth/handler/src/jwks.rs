//! `GET /.well-known/jwks.json`

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use contract::auth::Jwks;

/// The public keys that access tokens are verified with.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "auth",
    responses((status = 200, description = "The keys.", body = Jwks))
)]
pub(crate) async fn jwks(jwks: Data<Jwks>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(jwks.get_ref())
}
