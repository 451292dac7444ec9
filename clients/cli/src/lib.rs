//! The terminal client, as a library, so that its tests can reach every part of it.

pub mod actions;
mod app;
mod arguments;
pub mod commands;
pub mod completion;
mod failure;
mod kept_sessions;
mod lines;
mod plain;
mod run;
pub mod screen;
mod script;
mod sign_in;
mod words;

pub use arguments::Arguments;
pub use run::run;
