//! Telling whoever wants to know that messages may have been lost.

use std::sync::{PoisonError, RwLock};

type TroubleHandler = Box<dyn Fn() + Send + Sync>;

/// Those who want to know.
#[derive(Default)]
pub(crate) struct Trouble {
    handlers: RwLock<Vec<TroubleHandler>>,
}

impl Trouble {
    pub(crate) fn add(&self, handler: TroubleHandler) {
        self.handlers.write().unwrap_or_else(PoisonError::into_inner).push(handler);
    }

    pub(crate) fn tell(&self) {
        for handler in self.handlers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            handler();
        }
    }
}
