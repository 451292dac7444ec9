//! The REST calls of chat, one file each.

mod caller;
mod create_room;
mod directory;
mod events;
mod get_room;
mod history;
mod join_room;
mod leave_room;
mod mark_read;
mod members;
mod my_rooms;
mod post_message;
mod presence;
mod tickets;

use actix_web::web;
use utoipa::OpenApi;

use crate::live;

/// Adds chat's paths. The app's data must have an `Arc<Chat>`, the verifier of tokens, `Live`, and a shard.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(::web::resource("/v1/rooms").post(create_room::create_room).get(directory::directory))
        .service(::web::resource("/v1/rooms/{id}").get(get_room::get_room))
        .service(::web::resource("/v1/rooms/{id}/join").post(join_room::join_room))
        .service(::web::resource("/v1/rooms/{id}/leave").post(leave_room::leave_room))
        .service(::web::resource("/v1/rooms/{id}/members").get(members::members))
        .service(::web::resource("/v1/rooms/{id}/messages").get(history::history).post(post_message::post_message))
        .service(::web::resource("/v1/rooms/{id}/events").get(events::events))
        .service(::web::resource("/v1/rooms/{id}/read").put(mark_read::mark_read))
        .service(::web::resource("/v1/presence").get(presence::presence))
        .service(::web::resource("/v1/users/me/rooms").get(my_rooms::my_rooms))
        .service(::web::resource("/v1/ws/tickets").post(tickets::issue_ticket))
        .service(::web::resource("/v1/ws").get(live::open_socket));
}

/// What chat's paths take and give, derived from the types.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(
        create_room::create_room,
        directory::directory,
        get_room::get_room,
        join_room::join_room,
        leave_room::leave_room,
        members::members,
        history::history,
        post_message::post_message,
        events::events,
        mark_read::mark_read,
        my_rooms::my_rooms,
        presence::presence,
        tickets::issue_ticket,
        live::open_socket,
    ))]
    struct Paths;
    Paths::openapi()
}
