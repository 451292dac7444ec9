//! `GET /v1/rooms/{id}/events`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_entity::Seq;
use chat_usecase::Chat;
use contract::chat::EventsPage;
use contract::problem::Problem;
use kernel::RoomId;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Failure, Id, Query};

use super::caller::Caller;
use crate::{problem, wire};

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct EventsQuery {
    /// The last event that one has; from the beginning when absent.
    after_seq: Option<u64>,
    /// 1–200, 50 when absent.
    limit: Option<u32>,
}

/// A part of a room's raw log, oldest first: the very objects that the socket sends.
#[utoipa::path(get, path = "/v1/rooms/{id}/events", tag = "messages", security(("bearer" = [])),
    params(("id" = RoomId, Path), EventsQuery), responses(
    (status = 200, body = EventsPage),
    (status = 400, body = Problem),
    (status = 403, body = Problem, description = "not-a-member"),
    (status = 404, body = Problem),
))]
pub(crate) async fn events(
    caller: Caller,
    room: Id<RoomId>,
    query: Query<EventsQuery>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let limit = Query::<()>::limit(query.0.limit)?;
    let after = Seq::new(query.0.after_seq.unwrap_or(0));
    let page = chat.events_after(&caller.0, room.0, after, limit).await.map_err(|error| problem::read(&error))?;
    let (events, head) = page;
    Ok(HttpResponse::Ok()
        .json(EventsPage { items: events.iter().map(wire::log_event).collect(), head_seq: head.get() }))
}
