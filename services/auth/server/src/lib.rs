//! The auth service put together: configuration, gateways, wiring.

pub mod gateway;
mod service;
mod settings;

pub use gateway::{Keys, KeysError};
pub use service::{AuthService, Parts, StartError};
pub use settings::{AuthSettings, SettingsError};
