//! The library against a real server: killed, cut off, restarted, and told lies about.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod cuts;
mod person;
mod restart;
mod server;
mod sessions;
mod slow_line;
mod tampered;
