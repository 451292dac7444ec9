//! Counts what is allocated, by all threads of this process.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What was allocated, in all or for one of many things.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Count {
    /// Times that memory was asked for, be it new or more for what was there.
    pub(crate) allocations: f64,
    /// Bytes that were asked for, be they freed since or not.
    pub(crate) bytes: f64,
}

impl Count {
    /// What the work allocates, and what comes out of it.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (Self, T) {
        let region = Region::new(ALLOCATOR);
        let outcome = work();
        let seen = region.change();
        let allocations = (seen.allocations + seen.reallocations) as f64;
        (Self { allocations, bytes: seen.bytes_allocated as f64 }, outcome)
    }

    /// The lesser of the two.
    pub(crate) fn min(self, other: Self) -> Self {
        Self { allocations: self.allocations.min(other.allocations), bytes: self.bytes.min(other.bytes) }
    }

    /// What one of so many cost.
    pub(crate) fn each(self, of: usize) -> Self {
        Self { allocations: self.allocations / of as f64, bytes: self.bytes / of as f64 }
    }
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.allocations += other.allocations;
        self.bytes += other.bytes;
    }
}
