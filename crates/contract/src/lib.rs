//! Every type that crosses a process boundary: REST bodies, WebSocket frames, log events, problems.
//!
//! The schemas that we publish are derived from these types, and the examples in `docs/protocol.md` are read and
//! written with them in a test, so that neither can drift from what is sent.

pub mod auth;
pub mod chat;
pub mod events;
pub mod frames;
pub mod internal;
pub mod meta;
pub mod page;
pub mod problem;
