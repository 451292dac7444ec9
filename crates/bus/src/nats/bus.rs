//! The bus itself: local delivery, and a bounded queue to NATS.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Nats;
use super::interest::{Interest, subject};
use super::ours::Ours;
use crate::{Bus, Channel, Handler, LocalBus, Message};

/// Messages that may wait to be sent. Beyond that they are dropped: whoever misses them asks the store.
const WAITING: usize = 16_384;
/// How long the client may take one message.
const SEND_WITHIN: Duration = Duration::from_secs(1);
/// How long messages wait at most for the subscribers of this process.
const AFTER_OURS: Duration = Duration::from_millis(2);

/// Publishes to this process and then, through NATS, to the others: when the subscribers here say that they are
/// [done](Bus::delivered), or have had two milliseconds. A server on the same machine would take the core from them, and what
/// is published meanwhile goes with it.
pub struct NatsBus {
    local: Arc<LocalBus>,
    nats: Nats,
    interest: Arc<Interest>,
    outgoing: mpsc::Sender<(String, Bytes)>,
    ours: Arc<Ours>,
    lost: Arc<AtomicU64>,
    tasks: [JoinHandle<()>; 2],
}

impl NatsBus {
    /// Starts a bus on this connection. Must be called within a tokio runtime, which must go on for as long as the bus.
    pub fn start(nats: Nats) -> Self {
        Self::with_patience(nats, AFTER_OURS)
    }

    /// The same, with another time for the subscribers of this process: for tests.
    pub fn with_patience(nats: Nats, patience: Duration) -> Self {
        let local = Arc::new(LocalBus::new());
        let interest = Interest::new();
        interest.listen(Channel::Everyone);
        let (outgoing, waiting) = mpsc::channel(WAITING);
        let (ours, lost) = (Arc::new(Ours::new(patience)), Arc::<AtomicU64>::default());
        let tasks = [
            tokio::spawn(Arc::clone(&interest).keep(nats.clone(), Arc::clone(&local))),
            tokio::spawn(send(nats.clone(), waiting, Arc::clone(&ours), Arc::clone(&lost))),
        ];
        Self { local, nats, interest, outgoing, ours, lost, tasks }
    }

    /// Messages that were published and not sent, since the start: NATS was away, or took them too slowly.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for NatsBus {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[async_trait]
impl Bus for NatsBus {
    fn publish(&self, topic: &'static str, messages: &[Message]) {
        // Before they hear of it: they may be done before this is.
        self.ours.begin();
        self.local.deliver(topic, messages);
        for message in messages {
            let subject = subject(&self.nats.settings.prefix, message.channel, topic);
            if self.outgoing.try_send((subject, message.payload.clone())).is_err() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        if !self.interest.has_any_of(messages) {
            self.ours.end();
        }
    }

    fn delivered(&self) {
        self.ours.end();
    }

    fn subscribe(&self, topic: &'static str, handler: Handler) {
        self.local.subscribe(topic, handler);
    }

    fn listen(&self, channel: Channel) {
        self.interest.listen(channel);
    }

    fn ignore(&self, channel: Channel) {
        self.interest.ignore(channel);
    }

    async fn settled(&self) {
        if self.nats.is_connected() {
            self.interest.settled().await;
        }
    }

    fn on_trouble(&self, handler: Box<dyn Fn() + Send + Sync>) {
        self.nats.trouble.add(handler);
    }
}

/// Sends what waits. What comes while NATS is away is dropped here, not kept: it would be old news when NATS is back.
async fn send(nats: Nats, mut waiting: mpsc::Receiver<(String, Bytes)>, ours: Arc<Ours>, lost: Arc<AtomicU64>) {
    while let Some(first) = waiting.recv().await {
        ours.ended().await;
        let mut next = Some(first);
        while let Some((subject, payload)) = next {
            let is_sent = nats.is_connected()
                && matches!(tokio::time::timeout(SEND_WITHIN, nats.client.publish(subject, payload)).await, Ok(Ok(())));
            if !is_sent {
                lost.fetch_add(1, Ordering::Relaxed);
            }
            next = waiting.try_recv().ok();
        }
    }
}
