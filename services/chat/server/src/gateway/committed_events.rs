//! From the log to the bus: what a transaction has committed, in the order of the log.

use std::sync::Arc;

use bus::Bus;
use chat_entity::Event;
use chat_handler::live::envelope;

/// Publishes what a writer has committed. It runs where the writer does, so that the order of the log is the order on the
/// bus, and so that a caller who went away takes no event with them.
pub(crate) fn committed_events(bus: Arc<dyn Bus>) -> impl Fn(Vec<Event>) + Clone + Send + Sync + 'static {
    move |events| envelope::announce(&*bus, &events)
}
