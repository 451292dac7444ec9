//! The bus of a single process: publishing calls the subscribers.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;

use crate::{Bus, Handler};

/// Delivers within the process, on the publisher's thread. It loses nothing.
#[derive(Default)]
pub struct LocalBus {
    handlers: RwLock<HashMap<&'static str, Vec<Handler>>>,
}

impl LocalBus {
    /// A bus without subscribers.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Bus for LocalBus {
    fn publish(&self, topic: &'static str, messages: &[Bytes]) {
        if let Some(handlers) = self.handlers.read().unwrap_or_else(PoisonError::into_inner).get(topic) {
            for handler in handlers {
                handler(messages);
            }
        }
    }

    fn subscribe(&self, topic: &'static str, handler: Handler) {
        self.handlers.write().unwrap_or_else(PoisonError::into_inner).entry(topic).or_default().push(handler);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn every_subscriber_of_a_topic_hears_it_in_order_and_no_other_topic() {
        let bus = LocalBus::new();
        let heard: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        for _ in 0..2 {
            let heard = Arc::clone(&heard);
            bus.subscribe("rooms", Box::new(move |batch: &[Bytes]| heard.lock().unwrap().extend_from_slice(batch)));
        }
        bus.publish("rooms", &[Bytes::from_static(b"1"), Bytes::from_static(b"2")]);
        bus.publish("sessions", &[Bytes::from_static(b"3")]);
        assert_eq!(*heard.lock().unwrap(), ["1", "2", "1", "2"].map(Bytes::from));
    }
}
