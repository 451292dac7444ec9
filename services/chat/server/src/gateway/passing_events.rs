//! Typing and read marks, to the bus.

use std::sync::Arc;

use bus::Bus;
use chat_handler::live::envelope;
use chat_usecase::port::{Passing, PassingEvents};

/// Publishes what passes.
pub(crate) struct BusPassingEvents {
    bus: Arc<dyn Bus>,
}

impl BusPassingEvents {
    pub(crate) fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus }
    }
}

impl PassingEvents for BusPassingEvents {
    fn tell(&self, event: Passing) {
        envelope::announce_passing(&*self.bus, event);
    }
}
