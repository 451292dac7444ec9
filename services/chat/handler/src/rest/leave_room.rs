//! `POST /v1/rooms/{id}/leave`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::problem::Problem;
use kernel::RoomId;
use web::{Failure, Id, NoBody};

use super::caller::Caller;
use crate::problem;

/// Goes out of a room.
#[utoipa::path(post, path = "/v1/rooms/{id}/leave", tag = "rooms", security(("bearer" = [])),
    params(("id" = RoomId, Path)), responses(
    (status = 204),
    (status = 403, body = Problem, description = "not-a-member"),
    (status = 404, body = Problem),
))]
pub(crate) async fn leave_room(
    caller: Caller,
    room: Id<RoomId>,
    _: NoBody,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    chat.leave_room(&caller.0, room.0).await.map_err(|error| problem::leave_room(&error))?;
    Ok(HttpResponse::NoContent().finish())
}
