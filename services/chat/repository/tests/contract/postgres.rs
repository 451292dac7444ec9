//! What only a store has that several nodes share, and that may die by itself.

mod faults;
mod nodes;
mod replica;
