//! The product as an operator meets it: a process that is started, killed, restarted, and that runs out of things.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod crash;
mod crowd;
mod not_ready;
mod seeded;
mod startup;
