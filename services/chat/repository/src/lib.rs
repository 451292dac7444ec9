//! Where chat keeps things. Each folder is one kind of store; files of one name hold the same port's twins.

pub mod memory;
pub mod postgres;
pub mod redis;
pub mod sqlite;
