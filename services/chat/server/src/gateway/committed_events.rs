//! From the log to the bus: what a transaction has committed, in the order of the log.

use std::sync::Arc;

use bus::Bus;
use bytes::Bytes;
use chat_entity::Event;
use chat_handler::live::envelope;
use contract::events::LOG_TOPIC;
use database::sqlite::Sink;

/// Publishes what the writer has committed. It runs on the writer's thread, so that the order of the log is the order on
/// the bus, and so that a caller who went away takes no event with them.
pub(crate) fn committed_events(bus: Arc<dyn Bus>) -> Sink<Event> {
    Box::new(move |events| {
        let messages: Vec<Bytes> = events.iter().map(envelope::of_event).collect();
        bus.publish(LOG_TOPIC, &messages);
    })
}
