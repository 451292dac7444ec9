//! `GET /v1/rooms/{id}`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::RoomWithMembership;
use contract::problem::Problem;
use kernel::RoomId;
use web::{Failure, Id};

use super::caller::Caller;
use crate::{problem, wire};

/// A room that one is in, or that is public.
#[utoipa::path(get, path = "/v1/rooms/{id}", tag = "rooms", security(("bearer" = [])), params(("id" = RoomId, Path)),
    responses((status = 200, body = RoomWithMembership), (status = 404, body = Problem)))]
pub(crate) async fn get_room(caller: Caller, room: Id<RoomId>, chat: Data<Chat>) -> Result<HttpResponse, Failure> {
    let found = chat.room(&caller.0, room.0).await.map_err(|error| problem::find_room(&error))?;
    let (room, membership) = found;
    let membership = membership.as_ref().map(wire::membership);
    Ok(HttpResponse::Ok().json(RoomWithMembership { room: wire::room(&room), membership }))
}
