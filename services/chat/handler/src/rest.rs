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
mod tickets;

use actix_web::web;
use utoipa::OpenApi;

use crate::live;

/// Adds chat's paths. The app's data must have an `Arc<Chat>`, the verifier of tokens, `Live`, and a shard.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            ::web::resource("/v1/rooms")
                .route(web::post().to(create_room::create_room))
                .route(web::get().to(directory::directory)),
        )
        .service(::web::resource("/v1/rooms/{id}").route(web::get().to(get_room::get_room)))
        .service(::web::resource("/v1/rooms/{id}/join").route(web::post().to(join_room::join_room)))
        .service(::web::resource("/v1/rooms/{id}/leave").route(web::post().to(leave_room::leave_room)))
        .service(::web::resource("/v1/rooms/{id}/members").route(web::get().to(members::members)))
        .service(
            ::web::resource("/v1/rooms/{id}/messages")
                .route(web::get().to(history::history))
                .route(web::post().to(post_message::post_message)),
        )
        .service(::web::resource("/v1/rooms/{id}/events").route(web::get().to(events::events)))
        .service(::web::resource("/v1/rooms/{id}/read").route(web::put().to(mark_read::mark_read)))
        .service(::web::resource("/v1/users/me/rooms").route(web::get().to(my_rooms::my_rooms)))
        .service(::web::resource("/v1/ws/tickets").route(web::post().to(tickets::issue_ticket)))
        .service(::web::resource("/v1/ws").route(web::get().to(live::open_socket)));
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
        tickets::issue_ticket,
        live::open_socket,
    ))]
    struct Paths;
    Paths::openapi()
}
