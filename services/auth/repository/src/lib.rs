//! Where accounts and sessions are kept: twin files for twin stores, held to one contract by `tests/contract`.

pub mod memory;
pub mod postgres;
pub mod redis;
pub mod sqlite;
