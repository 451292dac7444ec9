//! The terminal client, as a library, so that its tests can reach every part of it.

pub mod commands;
pub mod completion;
pub mod screen;
