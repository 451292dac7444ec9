//! PostgreSQL as Natter uses it: every wait has an end, every queue a bound, and a change whose outcome nobody knows is
//! said to be unknown.

mod failure;
mod pool;
mod server;
mod settings;
mod text;
mod tls;
mod transaction;
mod writers;

pub use failure::{QueryError, violated_constraint};
pub use pool::Pool;
pub use server::{Connection, Server};
pub use settings::{PostgresSettings, SettingsError};
pub use text::{decode, encode};
pub use transaction::transaction;
pub use writers::{Append, Done, Sink, Writers};
