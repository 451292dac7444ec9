//! The client in a real terminal: a pseudo-terminal, with what a user would see in it.

mod guard;
mod harness;
mod keys;
mod pty;
