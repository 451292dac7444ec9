//! Which channels this process wants to hear, and the task that makes NATS agree.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::Nats;
use crate::{Channel, LocalBus, Message};

/// Messages of one subscription that are handed on together.
const BATCH: usize = 64;
/// How long NATS may take to confirm.
const CONFIRM_WITHIN: Duration = Duration::from_secs(1);

/// What is wanted. It is as large as the number of channels, and so is what waits to be done.
pub(super) struct Interest {
    wanted: Mutex<Wanted>,
    wake: Notify,
    /// Up to which change NATS has confirmed.
    confirmed: watch::Sender<u64>,
}

#[derive(Default)]
struct Wanted {
    channels: HashSet<Channel>,
    changed: HashSet<Channel>,
    /// Counts changes.
    change: u64,
}

impl Interest {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { wanted: Mutex::default(), wake: Notify::new(), confirmed: watch::Sender::new(0) })
    }

    pub(super) fn listen(&self, channel: Channel) {
        self.change(channel, |channels| channels.insert(channel));
    }

    pub(super) fn ignore(&self, channel: Channel) {
        self.change(channel, |channels| channels.remove(&channel));
    }

    /// Whether something of this process listens to the channel of one of these. All do to [`Channel::Everyone`], which is for
    /// what is rare and does not wait.
    pub(super) fn has_any_of(&self, messages: &[Message]) -> bool {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_heard =
            |message: &Message| message.channel != Channel::Everyone && wanted.channels.contains(&message.channel);
        messages.iter().any(is_heard)
    }

    fn change(&self, channel: Channel, change: impl FnOnce(&mut HashSet<Channel>) -> bool) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if change(&mut wanted.channels) {
            wanted.changed.insert(channel);
            wanted.change += 1;
            drop(wanted);
            self.wake.notify_one();
        }
    }

    /// Returns when NATS has confirmed what was wanted before the call, or after a moment.
    pub(super) async fn settled(&self) {
        let change = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).change;
        let mut confirmed = self.confirmed.subscribe();
        let _ = tokio::time::timeout(CONFIRM_WITHIN, confirmed.wait_for(|done| *done >= change)).await;
    }

    /// Makes NATS agree with what is wanted, for ever. Reading from NATS goes on while the task lives.
    pub(super) async fn keep(self: Arc<Self>, nats: Nats, local: Arc<LocalBus>) {
        let mut active: HashMap<Channel, Reader> = HashMap::new();
        loop {
            self.wake.notified().await;
            let (changed, change) = {
                let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
                let changed = std::mem::take(&mut wanted.changed);
                let changed: Vec<_> =
                    changed.into_iter().map(|channel| (channel, wanted.channels.contains(&channel))).collect();
                (changed, wanted.change)
            };
            let mut is_anything_new = false;
            for (channel, is_wanted) in changed {
                if !is_wanted {
                    active.remove(&channel);
                } else if let Entry::Vacant(place) = active.entry(channel) {
                    let subject = subject(&nats.settings.prefix, channel, "*");
                    match nats.client.subscribe(subject).await {
                        Ok(subscriber) => {
                            place.insert(Reader::start(channel, subscriber, Arc::clone(&local)));
                            is_anything_new = true;
                        }
                        Err(error) => tracing::error!(%error, "a channel cannot be listened to"),
                    }
                }
            }
            // When NATS is away there is nobody to confirm; the library subscribes again when it is back. And nobody waits for
            // what is not wanted any more.
            if is_anything_new && nats.is_connected() {
                let _ = tokio::time::timeout(CONFIRM_WITHIN, round_trip(&nats)).await;
            }
            self.confirmed.send_replace(change);
        }
    }
}

/// Returns when NATS has seen all that was sent before: it answers at once that nobody listens to this. The library's own
/// flush ends with the system's buffer.
async fn round_trip(nats: &Nats) {
    let nobody = format!("{}.nobody", nats.settings.prefix);
    let _ = nats.client.request(nobody, Bytes::new()).await;
}

/// A task that hands on what one subscription hears, for as long as the value lives.
struct Reader(JoinHandle<()>);

impl Reader {
    fn start(channel: Channel, subscriber: Subscriber, local: Arc<LocalBus>) -> Self {
        Self(tokio::spawn(async move {
            let mut batches = subscriber.ready_chunks(BATCH);
            while let Some(batch) = batches.next().await {
                for together in batch.chunk_by(|one, next| one.subject == next.subject) {
                    let topic = together[0].subject.rsplit('.').next().unwrap_or_default().to_owned();
                    let heard = together.iter().map(|heard| Message { channel, payload: heard.payload.clone() });
                    local.deliver(&topic, &heard.collect::<Vec<_>>());
                }
            }
        }))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // The subscriber goes with the task, and tells NATS.
        self.0.abort();
    }
}

/// `prefix.all.topic`, or `prefix.kind.id.topic`.
pub(super) fn subject(prefix: &str, channel: Channel, topic: &str) -> String {
    match channel {
        Channel::Everyone => format!("{prefix}.all.{topic}"),
        Channel::Of { kind, id } => format!("{prefix}.{kind}.{}.{topic}", id.simple()),
    }
}
