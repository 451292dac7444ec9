//! Both services in one process: what `make run` starts, on the embedded store; and a node that is everything, in a fleet.

mod command;
mod configuration;
mod gateway;
mod server;

pub use command::main;
pub use configuration::Configuration;
pub use process::ConfigurationError;
pub use server::{Natter, StartError};
