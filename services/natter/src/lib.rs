//! Both services in one process on the embedded store: what `make run` starts.

mod configuration;
mod gateway;
pub mod logging;
mod meta;
mod openapi;
mod server;
mod settings;

pub use configuration::{Configuration, ConfigurationError, variables};
pub use server::{Natter, StartError};
pub use settings::{LogSettings, NatterSettings};
