//! The product as an operator meets it: a process that is started, killed, restarted, and that runs out of things.

mod crash;
mod startup;
