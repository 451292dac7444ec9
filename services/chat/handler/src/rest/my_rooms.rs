//! `GET /v1/users/me/rooms`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::MyRoom;
use contract::page::Page;
use contract::problem::Problem;
use web::{Failure, Query};

use super::caller::Caller;
use super::members::PageQuery;
use crate::{page_cursor, problem, wire};

/// The caller's rooms, the one with the latest event first, with what is unread.
#[utoipa::path(get, path = "/v1/users/me/rooms", tag = "rooms", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Page<MyRoom>), (status = 400, body = Problem)))]
pub(crate) async fn my_rooms(
    caller: Caller,
    query: Query<PageQuery>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let limit = Query::<()>::limit(query.0.limit)?;
    let after = page_cursor::read(query.0.cursor.as_deref())?;
    let page = chat.my_rooms(&caller.0, after, limit).await.map_err(|error| problem::find_room(&error))?;
    Ok(HttpResponse::Ok().json(page_cursor::page(&page, wire::my_room)))
}
