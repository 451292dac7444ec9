//! PostgreSQL through the pool and the writers: what is told of a change is what became of it.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod pool;
mod scene;
mod writers;
