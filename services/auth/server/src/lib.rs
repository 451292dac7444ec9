//! The auth service put together: configuration, gateways, wiring, and the server that is nothing but auth.

pub mod gateway;
mod server;
mod service;
mod settings;
mod stores;

pub use auth_handler::openapi;
pub use gateway::{Keys, KeysError};
pub use server::{Configuration, Server, ServerError};
pub use service::{AuthService, Parts, StartError};
pub use settings::{AuthSettings, SettingsError};
