//! `POST /v1/rooms/{id}/join`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::Joined;
use contract::problem::Problem;
use kernel::RoomId;
use web::{Failure, Id, NoBody};

use super::caller::Caller;
use crate::{problem, wire};

/// Comes into a public room. Who is in already gets the same answer, and nothing happens.
#[utoipa::path(post, path = "/v1/rooms/{id}/join", tag = "rooms", security(("bearer" = [])),
    params(("id" = RoomId, Path)), responses(
    (status = 200, body = Joined),
    (status = 404, body = Problem),
    (status = 409, body = Problem, description = "conflict: archived, or in too many rooms"),
))]
pub(crate) async fn join_room(
    caller: Caller,
    room: Id<RoomId>,
    _: NoBody,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let room = chat.join_room(&caller.0, room.0).await.map_err(|error| problem::join_room(&error))?;
    Ok(HttpResponse::Ok().json(Joined { head_seq: room.head_seq.get(), room: wire::room(&room) }))
}
