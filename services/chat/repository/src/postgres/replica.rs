//! The copy of the database that may be behind: it serves history that lies in the past, when it is there in time and has
//! all of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_entity::Seq;
use chat_usecase::port::Window;
use database::postgres::{Pool, PostgresSettings, Server, SettingsError};
use kernel::RoomId;

use super::log::{Numbered, Part, copied_part};
use super::store::PLANNING;

/// How long the copy has for an answer, and for a connection: whoever waits for it could have asked the original.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long it is left alone after it failed.
const REST: Duration = Duration::from_secs(2);

/// The copy, and whether it is to be asked.
#[derive(Clone)]
pub(super) struct Replica {
    pool: Pool,
    failed_at: Arc<Mutex<Option<Instant>>>,
}

impl Replica {
    /// The copy that the settings name, if they do. Nobody connects before there is a question.
    pub(super) fn of(settings: &PostgresSettings, application: &str) -> Result<Option<Self>, SettingsError> {
        let bound = |millis: u64| millis.min(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX));
        let settings = PostgresSettings {
            statement_timeout_ms: bound(settings.statement_timeout_ms),
            connect_timeout_ms: bound(settings.connect_timeout_ms),
            ..settings.clone()
        };
        let pool = |server: Server| Pool::new(&server.with_options(PLANNING), settings.pool_size, settings.pool_queue);
        Ok(settings.replica(application)?.map(|server| Self { pool: pool(server), failed_at: Arc::default() }))
    }

    /// A part of a room's timeline that lies in the past, or `None` when the copy may lack something of it. It knows
    /// nothing of who may read the room.
    pub(super) async fn part(&self, room: RoomId, window: Window, limit: u32) -> Option<Vec<Numbered>> {
        let part = Part::of(window, limit);
        if !lies_in_the_past(window) || self.rests() {
            return None;
        }
        match self.pool.read(async |connection| copied_part(connection, room, &part).await).await {
            Ok(Some((head, found))) => has_all(head, &found, &part).then_some(found),
            Ok(None) => None,
            Err(cause) => {
                tracing::warn!(%cause, "the replica of PostgreSQL cannot be read; the original is asked");
                *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                None
            }
        }
    }

    fn rests(&self) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|failed_at| failed_at.elapsed() < REST)
    }
}

/// Who asks for the newest, or for what came after a place, wants to see what was just written (I9).
fn lies_in_the_past(window: Window) -> bool {
    match window {
        Window::Before(_) | Window::Around(_) => true,
        Window::Newest | Window::After(_) => false,
    }
}

/// A log is dense and is copied in the order of its commits, so a copy with a head at n has all up to n. The upper part,
/// from the place on, is complete when it is full: what is beyond is not of this page.
fn has_all(head: Seq, found: &[Numbered], part: &Part) -> bool {
    let above = found.iter().filter(|(message, _)| message.seq >= part.place).count();
    head.next() >= part.place && above as u64 == u64::from(part.from_it_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_the_past_is_asked_of_the_copy() {
        let place = Seq::new(7);
        for (window, expected) in [
            (Window::Newest, false),
            (Window::After(place), false),
            (Window::Before(place), true),
            (Window::Around(place), true),
        ] {
            assert_eq!(lies_in_the_past(window), expected, "{window:?}");
        }
    }

    #[test]
    fn a_page_before_a_place_needs_everything_up_to_that_place() {
        let part = Part::of(Window::Before(Seq::new(7)), 10);
        for (head, expected) in [(5, false), (6, true), (7, true), (100, true)] {
            assert_eq!(has_all(Seq::new(head), &[], &part), expected, "head {head}");
        }
        assert!(!has_all(Seq::new(100), &[], &Part::of(Window::Before(Seq::MAX), 10)), "that is the newest page");
    }
}
