//! The bus of a single process: publishing calls the subscribers.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use crate::{Bus, Channel, Handler, Message};

/// Delivers within the process, on the publisher's thread. It loses nothing, and everybody hears everything.
#[derive(Default)]
pub struct LocalBus {
    handlers: RwLock<HashMap<&'static str, Vec<Handler>>>,
}

impl LocalBus {
    /// A bus without subscribers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls the subscribers of a topic by its name, as it came from elsewhere.
    pub(crate) fn deliver(&self, topic: &str, messages: &[Message]) {
        if let Some(handlers) = self.handlers.read().unwrap_or_else(PoisonError::into_inner).get(topic) {
            for handler in handlers {
                handler(messages);
            }
        }
    }
}

#[async_trait]
impl Bus for LocalBus {
    fn publish(&self, topic: &'static str, messages: &[Message]) {
        self.deliver(topic, messages);
    }

    fn delivered(&self) {}

    fn subscribe(&self, topic: &'static str, handler: Handler) {
        self.handlers.write().unwrap_or_else(PoisonError::into_inner).entry(topic).or_default().push(handler);
    }

    fn listen(&self, _: Channel) {}

    fn ignore(&self, _: Channel) {}

    async fn settled(&self) {}

    fn on_trouble(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::{Arc, Mutex};

    fn message(text: &'static str) -> Message {
        Message { channel: Channel::Everyone, payload: Bytes::from_static(text.as_bytes()) }
    }

    #[test]
    fn every_subscriber_of_a_topic_hears_it_in_order_and_no_other_topic() {
        let bus = LocalBus::new();
        let heard: Arc<Mutex<Vec<Message>>> = Arc::default();
        for _ in 0..2 {
            let heard = Arc::clone(&heard);
            bus.subscribe("rooms", Box::new(move |batch: &[Message]| heard.lock().unwrap().extend_from_slice(batch)));
        }
        bus.publish("rooms", &[message("1"), message("2")]);
        bus.publish("sessions", &[message("3")]);
        assert_eq!(*heard.lock().unwrap(), ["1", "2", "1", "2"].map(message));
    }
}
