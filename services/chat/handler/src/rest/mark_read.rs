//! `PUT /v1/rooms/{id}/read`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_entity::Seq;
use chat_usecase::Chat;
use contract::chat::{MarkRead, ReadMark};
use contract::problem::Problem;
use kernel::RoomId;
use web::{Failure, Id, Json};

use super::caller::Caller;
use crate::problem;

/// Moves the caller's read mark forward, never back and never past the head.
#[utoipa::path(put, path = "/v1/rooms/{id}/read", tag = "rooms", security(("bearer" = [])),
    params(("id" = RoomId, Path)), request_body = MarkRead, responses(
    (status = 200, body = ReadMark),
    (status = 403, body = Problem, description = "not-a-member"),
    (status = 404, body = Problem),
))]
pub(crate) async fn mark_read(
    caller: Caller,
    room: Id<RoomId>,
    asked: Json<MarkRead>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let marked = chat.mark_read(&caller.0, room.0, Seq::new(asked.0.seq)).await;
    let read_seq = marked.map_err(|error| problem::read(&error))?.get();
    Ok(HttpResponse::Ok().json(ReadMark { read_seq }))
}
