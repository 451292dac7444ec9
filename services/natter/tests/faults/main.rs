//! Three nodes under load while something dies: what was acknowledged is there, once and in order, for everybody.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod balancer;
mod client;
mod engines;
mod fleet;
mod history;
mod load;
mod nodes;
mod presence;
