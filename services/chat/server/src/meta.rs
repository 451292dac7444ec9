//! `GET /v1/meta`

use actix_web::HttpResponse;
use actix_web::web::Data;
use contract::frames::SUBPROTOCOL;
use contract::meta::{Feature, Meta, MetaLimits};
use contract::page::MAX_LIMIT;
use utoipa::OpenApi;

/// What this version of the server is and can do.
pub(crate) fn meta(max_body_chars: usize, max_frame_bytes: usize) -> Meta {
    Meta {
        name: "natter".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        subprotocols: vec![SUBPROTOCOL.to_owned()],
        features: vec![
            Feature::Rooms,
            Feature::History,
            Feature::ReadMarks,
            Feature::Typing,
            Feature::Mentions,
            Feature::Replies,
            Feature::RefreshCookies,
            Feature::Presence,
        ],
        limits: MetaLimits {
            max_body_chars: max_body_chars as u64,
            max_frame_bytes: max_frame_bytes as u64,
            max_page: MAX_LIMIT,
        },
    }
}

/// The server's version, features and limits; needs no token.
#[utoipa::path(get, path = "/v1/meta", tag = "operations", responses((status = 200, body = Meta)))]
pub(crate) async fn get_meta(meta: Data<Meta>) -> HttpResponse {
    HttpResponse::Ok().json(&**meta)
}

#[derive(OpenApi)]
#[openapi(paths(get_meta))]
struct Document;

/// The part of the API document that is about this.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
