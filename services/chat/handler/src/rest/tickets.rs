//! `POST /v1/ws/tickets`

use actix_web::HttpResponse;
use actix_web::web::Data;
use chat_usecase::Chat;
use contract::chat::Ticket;
use contract::problem::Problem;
use web::{Authenticated, Failure, NoBody};

use crate::problem;

/// A ticket for one WebSocket of the caller's session, for pages, which cannot send a header with it.
#[utoipa::path(post, path = "/v1/ws/tickets", tag = "live", security(("bearer" = [])),
    responses((status = 201, body = Ticket), (status = 429, body = Problem)))]
pub(crate) async fn issue_ticket(caller: Authenticated, _: NoBody, chat: Data<Chat>) -> Result<HttpResponse, Failure> {
    let ticket = chat.issue_ticket(&caller.0).await.map_err(|error| problem::ticket(&error))?;
    Ok(HttpResponse::Created().json(Ticket { ticket, expires_in: chat.rules().ticket_lifetime.as_secs() }))
}
