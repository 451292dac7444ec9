//! From the outbox to those whom it is for: a task that sends, forgets what was taken, and never gives up.

use std::sync::Arc;
use std::time::Duration;

use auth_usecase::ports::{Outbox, Unexpected, Waiting};
use bus::durable::EventSink;
use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use super::account_events::Bell;

/// Messages that are sent before the store is told.
const BATCH: u32 = 100;
/// How long one message may take; the sink's own bounds are tighter.
const SEND_WITHIN: Duration = Duration::from_secs(15);
/// How often the outbox is looked into when nobody rings: another node may have died with its messages unsent.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long it rests after a failure: this long after the first, twice as long after each further one, and never longer
/// than the last.
const FIRST_REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(5);
/// So many messages that wait are worth a warning, which is given this often.
const MANY: u32 = 1_000;
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Sends what waits in an outbox. Each node may have one: a message that two send is applied twice, which does no harm.
pub struct OutboxRelay {
    outbox: Arc<dyn Outbox>,
    sink: Arc<dyn EventSink>,
    bell: Bell,
    failures: u32,
    warned_at: Option<Instant>,
}

/// What made the relay go on.
#[derive(PartialEq, Eq)]
enum Woken {
    Look,
    /// The service has gone.
    End,
}

impl OutboxRelay {
    /// Starts the task. It ends with the service: when the [`OutboxEvents`](super::OutboxEvents) of the bell is dropped.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(outbox: Arc<dyn Outbox>, sink: Arc<dyn EventSink>, bell: Bell) {
        let relay = Self { outbox, sink, bell, failures: 0, warned_at: None };
        tokio::spawn(relay.run());
    }

    async fn run(mut self) {
        loop {
            let woken = match self.send_some().await {
                Ok(more) => {
                    if self.failures > 0 {
                        tracing::info!(failures = self.failures, "messages to other services are sent again");
                    }
                    self.failures = 0;
                    if more { Woken::Look } else { self.wait(LOOK_EVERY, true).await }
                }
                Err(error) => {
                    self.note(&error).await;
                    let rest = FIRST_REST.saturating_mul(1 << self.failures.min(16)).min(LONGEST_REST);
                    self.failures = self.failures.saturating_add(1);
                    self.wait(rest, false).await
                }
            };
            if woken == Woken::End {
                return;
            }
        }
    }

    /// Sends the first messages, in their order, up to the first one that is not taken. Tells whether there may be more.
    async fn send_some(&self) -> Result<bool, Unexpected> {
        let waiting = self.outbox.next(BATCH).await?;
        let mut taken = Vec::with_capacity(waiting.len());
        let mut failure = None;
        for message in &waiting {
            match self.send(message).await {
                Ok(()) => taken.push(message.place),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        if !taken.is_empty() {
            self.outbox.sent(&taken).await?;
        }
        match failure {
            None => Ok(u32::try_from(waiting.len()).is_ok_and(|waited| waited >= BATCH)),
            Some(error) => Err(error),
        }
    }

    async fn send(&self, Waiting { message, .. }: &Waiting) -> Result<(), Unexpected> {
        let payload = Bytes::from(message.payload.clone());
        timeout(SEND_WITHIN, self.sink.send(&message.topic, message.id, payload)).await??;
        Ok(())
    }

    /// Waits for a time, or less when somebody rings and may `hurry` it.
    async fn wait(&mut self, time: Duration, hurry: bool) -> Woken {
        let time = sleep(time);
        tokio::pin!(time);
        loop {
            tokio::select! {
                () = &mut time => return Woken::Look,
                rung = self.bell.0.changed() => match rung {
                    Ok(()) if hurry => return Woken::Look,
                    Ok(()) => {}
                    Err(_) => return Woken::End,
                },
            }
        }
    }

    /// The first of several failures is worth a line, and so is an outbox that grows.
    async fn note(&mut self, error: &Unexpected) {
        if self.failures == 0 {
            tracing::warn!(%error, "messages to other services wait; they are tried again until they are taken");
        } else {
            tracing::debug!(%error, failures = self.failures, "messages to other services still wait");
        }
        if self.warned_at.is_some_and(|warned_at| warned_at.elapsed() < WARN_EVERY) {
            return;
        }
        if let Ok(waiting) = self.outbox.waiting(MANY * 100).await
            && waiting >= MANY
        {
            self.warned_at = Some(Instant::now());
            tracing::warn!(waiting, %error, "many messages to other services wait");
        }
    }
}

#[cfg(test)]
mod tests;
