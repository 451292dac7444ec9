//! `GET /v1/rooms`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::Room;
use contract::page::Page;
use contract::problem::{Problem, Slug};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Failure, Query};

use super::caller::Caller;
use crate::{page_cursor, problem, wire};

/// Characters that may be looked for: more than any name or title has.
const MAX_LOOKED_FOR: usize = 200;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct DirectoryQuery {
    /// The beginning of a name or title, without regard to case.
    #[param(max_length = 200)]
    query: Option<String>,
    /// The exact name.
    #[param(max_length = 200)]
    name: Option<String>,
    /// 1–200, 50 when absent.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// The public rooms, those with the most members first.
#[utoipa::path(get, path = "/v1/rooms", tag = "rooms", security(("bearer" = [])), params(DirectoryQuery), responses(
    (status = 200, body = Page<Room>),
    (status = 400, body = Problem),
))]
pub(crate) async fn directory(
    caller: Caller,
    query: Query<DirectoryQuery>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let Query(DirectoryQuery { query, name, limit, cursor }) = query;
    let limit = Query::<()>::limit(limit)?;
    for (parameter, text) in [("query", &query), ("name", &name)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > MAX_LOOKED_FOR) {
            let detail = format!("{parameter} has more than {MAX_LOOKED_FOR} characters.");
            return Err(Failure::new(Slug::InvalidRequest, detail));
        }
    }
    let after = page_cursor::read(cursor.as_deref())?;
    let page = chat.directory(&caller.0, query, name, after, limit).await;
    let page = page.map_err(|error| problem::find_room(&error))?;
    Ok(HttpResponse::Ok().json(page_cursor::page(&page, wire::room)))
}
