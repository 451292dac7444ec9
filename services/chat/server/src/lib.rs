//! The chat service put together: configuration, gateways, wiring, and the server that is nothing but chat.

pub mod gateway;
mod meta;
mod server;
mod service;
pub mod settings;
mod stores;

pub use server::{Configuration, Server, ServerError};
pub use service::{ChatService, Parts, StartError};
pub use settings::{ChatSettings, DEFAULT_ROOMS, SettingsError};

/// The API document of the service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = chat_handler::openapi();
    document.merge(meta::openapi());
    document
}
