//! The client in a real terminal: a pseudo-terminal, with what a user would see in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on is a test that fails")]

mod conversation;
mod guard;
mod harness;
mod keys;
mod long_room;
mod outage;
mod pty;
mod scripts;
mod slow_server;
mod tls;
mod world;
