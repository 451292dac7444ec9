//! Typing and read marks, to the bus.

use std::sync::Arc;

use bus::Bus;
use chat_handler::live::envelope;
use chat_usecase::port::{Passing, PassingEvents};
use contract::events::PASSING_TOPIC;

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
        self.bus.publish(PASSING_TOPIC, &[envelope::of_passing(event)]);
    }
}
