//! Fetching by REST what the socket did not tell: long absences, and gaps.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use kernel::RoomId;

use super::Update;
use super::driver::Driver;
use super::parting::Parting;
use super::places::{ToFetch, Verdict};
use crate::client::Events;
use crate::{Client, Error};

/// Events of one page: the most that there can be.
const PAGE: u32 = contract::page::MAX_LIMIT;
/// Pages that are fetched at the same time, each of another room.
const AT_ONCE: usize = 4;
/// How long to wait when a page has nothing of what must be there: the node that was asked is a little behind.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// A page that is being fetched.
pub(super) type Fetch = Pin<Box<dyn Future<Output = Page> + Send>>;

/// A page that was fetched.
pub(super) struct Page {
    room: RoomId,
    events: Result<Events, Error>,
}

impl Driver {
    /// Fetches what is to be fetched, while there is room for it.
    pub(super) fn fetch(&mut self) {
        while self.fetches.len() < AT_ONCE && !self.outlet.is_full() {
            let Some(next) = self.places.next_to_fetch() else { return };
            self.fetches.push(Box::pin(fetch(self.client.clone(), next)));
        }
    }

    /// Tells the events of a page.
    pub(super) fn take_page(&mut self, Page { room, events }: Page) -> Result<(), Parting> {
        match events {
            Ok(events) => {
                let mut told = 0;
                for event in events.items {
                    self.settle_by(&event);
                    if self.places.judge_fetched(room, event.seq) == Verdict::Next {
                        self.outlet.tell(Update::Event(event));
                        told += 1;
                    }
                }
                self.places.fetched(room, events.head_seq, told > 0);
                Ok(())
            }
            Err(Error::Refused(refusal)) if matches!(refusal.code.as_str(), "not-a-member" | "not-found") => {
                if self.places.leave(room) {
                    self.outlet.tell(Update::RoomRemoved(room));
                }
                Ok(())
            }
            Err(Error::Refused(refusal)) if refusal.first_seq.is_some() => {
                let lost = self.places.trimmed(room, refusal.first_seq.unwrap_or_default());
                if let Some((from, to)) = lost {
                    self.outlet.tell(Update::Skipped { room_id: room, from, to });
                }
                Ok(())
            }
            // The store is away: the socket stays, and the page is asked for again.
            Err(Error::Refused(refusal)) if refusal.is_passing() => {
                self.places.not_fetched(room);
                Ok(())
            }
            // That part of this room is not for us; the rest of the connection is.
            Err(Error::Refused(refusal)) => {
                tracing::warn!(%refusal, %room, "a part of a room's log cannot be had");
                if let Some((from, to)) = self.places.give_up(room) {
                    self.outlet.tell(Update::Skipped { room_id: room, from, to });
                }
                Ok(())
            }
            // The next connection begins where this one got to.
            Err(error) => Err(Parting::by_error(&error)),
        }
    }
}

async fn fetch(client: Client, ToFetch { room, after, is_in_vain }: ToFetch) -> Page {
    if is_in_vain {
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
    let events = client.events(room, after, PAGE).await;
    if let Err(Error::Refused(refusal)) = &events
        && refusal.is_passing()
    {
        tokio::time::sleep(refusal.retry_after().unwrap_or_default().max(ASK_AGAIN_AFTER)).await;
    }
    Page { room, events }
}
