//! A bus that counts what workers tell it, and that they do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bus::{Bus, Channel, Handler, Message};
use serde_json::json;
use testkit::until;

use crate::server::Server;

/// A bus, and how often somebody was done with what it had published.
pub(crate) struct CountedBus {
    bus: Arc<dyn Bus>,
    delivered: AtomicU64,
}

impl CountedBus {
    pub(crate) fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus, delivered: AtomicU64::new(0) }
    }
}

#[async_trait]
impl Bus for CountedBus {
    fn publish(&self, topic: &'static str, messages: &[Message]) {
        self.bus.publish(topic, messages);
    }

    fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        self.bus.delivered();
    }

    fn subscribe(&self, topic: &'static str, handler: Handler) {
        self.bus.subscribe(topic, handler);
    }

    fn listen(&self, channel: Channel) {
        self.bus.listen(channel);
    }

    fn ignore(&self, channel: Channel) {
        self.bus.ignore(channel);
    }

    async fn settled(&self) {
        self.bus.settled().await;
    }

    fn on_trouble(&self, handler: Box<dyn Fn() + Send + Sync>) {
        self.bus.on_trouble(handler);
    }
}

#[tokio::test]
async fn a_worker_says_when_it_has_written_a_message_so_that_other_nodes_may_have_it() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    live.event("ready").await;
    for text in ["one", "two"] {
        let before = server.bus.delivered.load(Ordering::Relaxed);
        live.say(&room, text).await;
        live.event("message.created").await;
        until("the worker says that it is done", async || {
            (server.bus.delivered.load(Ordering::Relaxed) > before).then_some(())
        })
        .await;
    }
}
