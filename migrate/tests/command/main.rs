//! The command as an operator meets it, on both stores.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod at_once;
mod down;
mod place;
mod refusals;
mod schema;
mod seed;
mod status;
