//! What each of our programs does around its service: reads its configuration, opens the engines, logs, serves, stops.

mod command;
mod configuration;
mod engines;
pub mod logging;
pub mod openapi;
mod ready;
mod schema;
mod serve;
pub mod settings;
mod variables;
mod waiting;

pub use command::{Arguments, Stop, run};
pub use configuration::{Base, ConfigurationError, Variables, required, without_empty};
pub use engines::{Engines, EnginesError, Fleet, Stores};
pub use ready::StoreCheck;
pub use serve::{BindError, Listening, Serving, bind, serve};
pub use settings::{LogSettings, ProcessSettings, TokenSettings};
pub use variables::{read, variables};
