//! What the HTTP side of both services stands on: actix plumbing around problems, callers, bodies and readiness.

mod address;
mod authenticated;
mod body;
mod boundary;
mod failure;
mod health;
mod lifecycle;
mod listener;
mod origin;
mod path;
mod problem_pages;
mod query;
mod resource;
pub mod settings;
mod takeover;

pub use address::{ClientAddress, TrustedProxies};
pub use authenticated::{Authenticated, bearer, refusal_problem};
pub use body::{BodyLimit, Json, NoBody, parse_json};
pub use boundary::boundary;
pub use failure::{Failure, refused, store_failure};
pub use health::{Readiness, ReadyCheck, configure as configure_health};
pub use lifecycle::Lifecycle;
pub use listener::bind;
pub use origin::{AllowedOrigins, origin_is_allowed};
pub use path::Id;
pub use problem_pages::configure as configure_problem_pages;
pub use query::Query;
pub use resource::{Methods, not_found, resource};
pub use settings::HttpSettings;
pub use takeover::{answer_upgrade, take_over};
