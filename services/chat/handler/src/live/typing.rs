//! Who is writing where, as far as this worker's sockets say: passed on now and then, and ended when nothing more is said.

use std::collections::HashMap;
use std::time::Duration;

use chat_entity::Profile;
use kernel::{RoomId, UserId};
use tokio::time::Instant;

/// One start in this time is passed on.
const PASSED_ON_EVERY: Duration = Duration::from_secs(3);
/// Silence after which somebody has stopped.
const EXPIRES_AFTER: Duration = Duration::from_secs(6);

/// Those who write.
#[derive(Default)]
pub(super) struct Typing {
    writing: HashMap<(RoomId, UserId), Writing>,
}

struct Writing {
    user: Profile,
    passed_on_at: Instant,
    heard_at: Instant,
    /// Whether the others believe that this user writes.
    is_shown: bool,
}

impl Typing {
    /// Notes that somebody writes. `true` when the others are to be told.
    pub(super) fn start(&mut self, room: RoomId, user: &Profile, now: Instant) -> bool {
        if let Some(writing) = self.writing.get_mut(&(room, user.id)) {
            writing.heard_at = now;
            let is_due = now - writing.passed_on_at >= PASSED_ON_EVERY;
            if is_due {
                writing.passed_on_at = now;
                writing.is_shown = true;
            }
            return is_due;
        }
        let writing = Writing { user: user.clone(), passed_on_at: now, heard_at: now, is_shown: true };
        self.writing.insert((room, user.id), writing);
        true
    }

    /// Notes that somebody has stopped. `true` when the others are to be told. The entry stays until it expires, so that
    /// starting and stopping in turn is passed on no more often than starting alone.
    pub(super) fn stop(&mut self, room: RoomId, user: UserId) -> bool {
        self.writing.get_mut(&(room, user)).is_some_and(|writing| std::mem::replace(&mut writing.is_shown, false))
    }

    /// Takes out those who have said nothing for too long, and gives those of them whom the others still believe to
    /// write.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<(RoomId, Profile)> {
        self.writing
            .extract_if(|_, writing| now - writing.heard_at >= EXPIRES_AFTER)
            .filter(|(_, writing)| writing.is_shown)
            .map(|((room, _), writing)| (room, writing.user))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_passed_on_now_and_then_and_end_by_themselves() {
        let mut typing = Typing::default();
        let user = Profile { id: UserId::new(), username: "ada".into(), display_name: "Ada".into(), avatar_url: None };
        let room = RoomId::new();
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        assert!(typing.start(room, &user, at(0)));
        assert!(!typing.start(room, &user, at(2_999)));
        assert!(typing.start(room, &user, at(3_000)));
        assert!(typing.expired(at(8_999)).is_empty());
        assert_eq!(typing.expired(at(9_000)), [(room, user.clone())]);
        assert!(!typing.stop(room, user.id), "it has ended already");
    }

    #[test]
    fn starting_and_stopping_in_turn_is_passed_on_no_more_often() {
        let mut typing = Typing::default();
        let user = Profile { id: UserId::new(), username: "ada".into(), display_name: "Ada".into(), avatar_url: None };
        let room = RoomId::new();
        let begin = Instant::now();
        let mut passed_on = 0;
        for tenth in 0..90 {
            let now = begin + Duration::from_millis(tenth * 100);
            passed_on += usize::from(typing.start(room, &user, now));
            passed_on += usize::from(typing.stop(room, user.id));
        }
        assert_eq!(passed_on, 2 * 3);
        assert!(typing.expired(begin + Duration::from_secs(60)).is_empty(), "all have been told already");
    }
}
