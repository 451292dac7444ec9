//! What the repositories of both services stand on: opening a store, writing in groups, reading in a pool.

mod data_dir;
pub mod postgres;
pub mod redis;
pub mod sqlite;

pub use data_dir::{DataDir, DataDirError};
