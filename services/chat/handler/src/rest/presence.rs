//! `GET /v1/presence`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::PresenceList;
use contract::problem::Problem;
use kernel::RoomId;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Failure, Query};

use super::caller::Caller;
use crate::{problem, wire};

/// Where to look.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct PresenceQuery {
    /// A room that one is in; absent for everybody who is in a room with oneself.
    room: Option<RoomId>,
}

/// Who is there, by user name without regard to case; at most 500, and as many as 512 KiB hold.
#[utoipa::path(get, path = "/v1/presence", tag = "rooms", security(("bearer" = [])), params(PresenceQuery), responses(
    (status = 200, body = PresenceList),
    (status = 400, body = Problem),
    (status = 403, body = Problem, description = "not-a-member"),
    (status = 404, body = Problem),
    (status = 429, body = Problem),
))]
pub(crate) async fn presence(
    caller: Caller,
    query: Query<PresenceQuery>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let listed = chat.list_presence(&caller.0, query.0.room).await.map_err(|error| problem::list_presence(&error))?;
    Ok(HttpResponse::Ok().json(wire::presence_list(&listed)))
}
