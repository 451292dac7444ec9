//! `GET /v1/rooms/{id}/members`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::Member;
use contract::page::Page;
use contract::problem::Problem;
use kernel::RoomId;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Failure, Id, Query};

use super::caller::Caller;
use crate::{page_cursor, problem, wire};

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct PageQuery {
    /// 1–200, 50 when absent.
    pub(crate) limit: Option<u32>,
    /// Where the page before ended.
    pub(crate) cursor: Option<String>,
}

/// Who is in a room that one is in, in the order in which they joined.
#[utoipa::path(get, path = "/v1/rooms/{id}/members", tag = "rooms", security(("bearer" = [])),
    params(("id" = RoomId, Path), PageQuery), responses(
    (status = 200, body = Page<Member>),
    (status = 403, body = Problem, description = "not-a-member"),
    (status = 404, body = Problem),
))]
pub(crate) async fn members(
    caller: Caller,
    room: Id<RoomId>,
    query: Query<PageQuery>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let limit = Query::<()>::limit(query.0.limit)?;
    let after = page_cursor::read(query.0.cursor.as_deref())?;
    let page = chat.members(&caller.0, room.0, after, limit).await.map_err(|error| problem::read(&error))?;
    Ok(HttpResponse::Ok().json(page_cursor::page(&page, wire::member)))
}
