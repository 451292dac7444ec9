//! Where accounts and sessions are kept: twin files for twin stores, held to one contract by `tests/contract`.

pub mod memory;
pub mod sqlite;
