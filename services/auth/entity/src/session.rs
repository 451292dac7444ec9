//! A sign-in that lasts: when it lives and when it is over.

use std::net::IpAddr;
use std::time::Duration;

use kernel::{SessionId, Timestamp, UserId};

use crate::Device;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A session that is not refreshed for this long is over.
pub const IDLE_LIFETIME: Duration = Duration::from_secs(14 * DAY.as_secs());
/// A session is over after this long, however much it is used.
pub const ABSOLUTE_LIFETIME: Duration = Duration::from_secs(30 * DAY.as_secs());

/// One sign-in of one user on one device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The session's id, which tokens carry.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the owner calls the device.
    pub device: Option<Device>,
    /// Where the sign-in came from.
    pub address: IpAddr,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed, or began.
    pub last_seen_at: Timestamp,
    /// The generation of the one refresh token that rotates it.
    pub refresh_generation: u32,
    /// When the generation last changed.
    pub rotated_at: Option<Timestamp>,
    /// When it was ended on purpose.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// Begins a session.
    pub fn open(user_id: UserId, device: Option<Device>, address: IpAddr, now: Timestamp) -> Self {
        Self {
            id: SessionId::new(),
            user_id,
            device,
            address,
            created_at: now,
            last_seen_at: now,
            refresh_generation: 0,
            rotated_at: None,
            ended_at: None,
        }
    }

    /// Whether the session has neither been ended nor outlived itself.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at()
    }

    /// When it is over if it is not refreshed again.
    pub fn expires_at(&self) -> Timestamp {
        self.last_seen_at.plus(IDLE_LIFETIME).min(self.created_at.plus(ABSOLUTE_LIFETIME))
    }

    /// The session after its refresh token was used.
    pub fn rotated(self, now: Timestamp) -> Self {
        Self {
            refresh_generation: self.refresh_generation.saturating_add(1),
            rotated_at: Some(now),
            last_seen_at: now.max(self.last_seen_at),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn session(now: Timestamp) -> Session {
        Session::open(UserId::new(), None, IpAddr::V4(Ipv4Addr::LOCALHOST), now)
    }

    #[test]
    fn an_idle_session_is_over_after_14_days_and_a_busy_one_after_30() {
        let start = Timestamp::from_millis(1_000_000);
        let idle = session(start);
        let last = start.plus(14 * DAY - Duration::from_millis(1));
        assert!(idle.is_live(last) && !idle.is_live(start.plus(14 * DAY)));
        let busy = idle.rotated(start.plus(13 * DAY)).rotated(start.plus(26 * DAY));
        assert_eq!(busy.expires_at(), start.plus(30 * DAY));
        assert!(!busy.is_live(start.plus(30 * DAY)));
        assert_eq!(busy.refresh_generation, 2);
    }

    proptest! {
        #[test]
        fn an_ended_session_never_lives_again(ended in 0i64..i64::MAX, now in 0i64..i64::MAX) {
            let mut session = session(Timestamp::from_millis(ended));
            session.ended_at = Some(Timestamp::from_millis(ended));
            prop_assert!(!session.is_live(Timestamp::from_millis(now)));
        }

        #[test]
        fn no_session_lives_beyond_30_days(seen in prop::collection::vec(0u64..5_000_000, 0..20), at in 2_592_000u64..9_999_999) {
            let start = Timestamp::from_millis(0);
            let busy = seen.iter().fold(session(start), |session, seen| session.rotated(start.plus(Duration::from_secs(*seen))));
            prop_assert!(!busy.is_live(start.plus(Duration::from_secs(at))));
        }
    }
}
