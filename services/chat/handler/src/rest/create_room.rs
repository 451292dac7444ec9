//! `POST /v1/rooms`

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};
use chat_usecase::Chat;
use chat_usecase::port::IdempotencyKey;
use contract::chat::{CreateRoom, RoomBody};
use contract::problem::{Problem, Slug};
use web::{Failure, Json};

use super::caller::Caller;
use crate::{problem, request, wire};

/// Bytes of an Idempotency-Key at most.
const MAX_KEY: usize = 255;

/// Makes a room. The caller is its owner.
#[utoipa::path(post, path = "/v1/rooms", tag = "rooms", security(("bearer" = [])), request_body = CreateRoom,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating the call harmless for a day")),
    responses(
        (status = 201, body = RoomBody),
        (status = 409, body = Problem, description = "room-name-taken, or conflict: in too many rooms"),
        (status = 422, body = Problem, description = "validation-failed, or the Idempotency-Key had another body"),
        (status = 429, body = Problem),
))]
pub(crate) async fn create_room(
    http: HttpRequest,
    caller: Caller,
    asked: Json<CreateRoom>,
    chat: Data<Chat>,
) -> Result<HttpResponse, Failure> {
    let key = idempotency_key(&http, &asked.0)?;
    let request = request::room(asked.0, key)?;
    let room = chat.create_room(&caller.0, request).await.map_err(|error| problem::create_room(&error))?;
    Ok(HttpResponse::Created().json(RoomBody { room: wire::room(&room) }))
}

fn idempotency_key(http: &HttpRequest, body: &CreateRoom) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(key) = http.headers().get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=MAX_KEY).contains(&key.len()));
    let Some(key) = key else {
        return Err(Problem::new(Slug::InvalidRequest, "Idempotency-Key must have 1 to 255 visible characters."));
    };
    // The body as we understand it, so that white space and the order of fields make no difference.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, &body).as_ref());
    Ok(Some(IdempotencyKey { key: key.to_owned(), fingerprint }))
}
