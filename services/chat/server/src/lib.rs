//! The chat service put together: configuration, gateways, wiring.

mod gateway;
mod service;
mod settings;

pub use service::{ChatService, Parts, StartError};
pub use settings::{ChatSettings, DEFAULT_ROOMS, SettingsError};
