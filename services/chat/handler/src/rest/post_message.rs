//! `POST /v1/rooms/{id}/messages`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::{PostMessage, Posted};
use contract::problem::Problem;
use kernel::RoomId;
use web::{Failure, Id, Json};

use super::caller::Caller;
use crate::{problem, request, wire};

/// Sends a message, once, however often it is repeated with the same `client_msg_id`.
#[utoipa::path(post, path = "/v1/rooms/{id}/messages", tag = "messages", security(("bearer" = [])),
    params(("id" = RoomId, Path)), request_body = PostMessage, responses(
    (status = 201, body = Posted),
    (status = 200, body = Posted, description = "It was there before"),
    (status = 403, body = Problem, description = "not-a-member"),
    (status = 404, body = Problem),
    (status = 409, body = Problem, description = "client-msg-id-conflict"),
    (status = 422, body = Problem),
    (status = 429, body = Problem),
    (status = 503, body = Problem, description = "storage-unavailable, overloaded; definite tells whether it may have happened"),
))]
pub(crate) async fn post_message(
    caller: Caller,
    room: Id<RoomId>,
    asked: Json<PostMessage>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let draft = request::draft(room.0, asked.0, chat.rules())?;
    let posted = chat.post_message(&caller.0, draft).await.map_err(|error| problem::post_message(&error))?;
    let mut response = if posted.deduplicated { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(response.json(Posted { message: wire::message(&posted.message), deduplicated: posted.deduplicated }))
}
