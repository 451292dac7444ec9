//! The whole auth service, from HTTP down to a real database, with a clock that the tests turn.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on is a test that fails")]

mod accounts;
mod application;
mod cookies;
mod internal;
mod profiles;
mod sessions;
