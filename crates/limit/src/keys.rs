//! A bounded table of what each key has used up: keys come from clients, who can make up as many as they like.

use governor::nanos::Nanos;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use governor::state::{InMemoryState, NotKeyed, StateStore};

/// Holds the first keys apart, up to a number; all others share one place.
///
/// Threads that add keys at the same moment may pass the number by one each.
pub(crate) struct Keys {
    max: usize,
    apart: DashMapStateStore<String>,
    others: InMemoryState,
}

impl Keys {
    /// No keys.
    pub(crate) fn at_most(max: usize) -> Self {
        Self { max, apart: DashMapStateStore::default(), others: InMemoryState::default() }
    }
}

impl StateStore for Keys {
    type Key = String;

    fn measure_and_replace<T, F, E>(&self, key: &String, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        if self.apart.contains_key(key) || self.apart.len() < self.max {
            self.apart.measure_and_replace(key, f)
        } else {
            self.others.measure_and_replace(&NotKeyed::NonKey, f)
        }
    }
}

impl ShrinkableKeyedStateStore<String> for Keys {
    fn retain_recent(&self, drop_below: Nanos) {
        self.apart.retain_recent(drop_below);
    }

    fn len(&self) -> usize {
        self.apart.len()
    }

    fn is_empty(&self) -> bool {
        self.apart.is_empty()
    }
}
