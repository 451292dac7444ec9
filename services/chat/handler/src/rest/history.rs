//! `GET /v1/rooms/{id}/messages`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_entity::Seq;
use chat_usecase::Chat;
use chat_usecase::port::Window;
use contract::chat::History;
use contract::problem::{Problem, Slug};
use kernel::RoomId;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Failure, Id, Query};

use super::caller::Caller;
use crate::{problem, wire};

/// Which part of the timeline; at most one of the three places.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct HistoryQuery {
    /// The messages right before this place.
    before_seq: Option<u64>,
    /// The messages right after this place.
    after_seq: Option<u64>,
    /// Half of the page before this place, half from it on.
    around_seq: Option<u64>,
    /// 1–200, 50 when absent.
    limit: Option<u32>,
}

/// A part of a room's timeline, oldest first, each message as it stands now; the newest without a place.
#[utoipa::path(get, path = "/v1/rooms/{id}/messages", tag = "messages", security(("bearer" = [])),
    params(("id" = RoomId, Path), HistoryQuery), responses(
    (status = 200, body = History),
    (status = 400, body = Problem),
    (status = 403, body = Problem, description = "not-a-member"),
    (status = 404, body = Problem),
))]
pub(crate) async fn history(
    caller: Caller,
    room: Id<RoomId>,
    query: Query<HistoryQuery>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let limit = Query::<()>::limit(query.0.limit)?;
    let window = window(&query.0)?;
    let history = chat.history(&caller.0, room.0, window, limit).await.map_err(|error| problem::read(&error))?;
    Ok(HttpResponse::Ok().json(History {
        items: history.items.iter().map(wire::message).collect(),
        has_more_before: history.has_more_before,
        has_more_after: history.has_more_after,
    }))
}

fn window(query: &HistoryQuery) -> Result<Window, Problem> {
    match (query.before_seq, query.after_seq, query.around_seq) {
        (None, None, None) => Ok(Window::Newest),
        (Some(place), None, None) => Ok(Window::Before(Seq::new(place))),
        (None, Some(place), None) => Ok(Window::After(Seq::new(place))),
        (None, None, Some(place)) => Ok(Window::Around(Seq::new(place))),
        _ => Err(Problem::new(Slug::InvalidRequest, "Give one of before_seq, after_seq and around_seq.")),
    }
}
