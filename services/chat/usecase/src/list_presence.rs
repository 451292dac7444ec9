//! Who is there, among those whom the caller may see.

use std::time::Duration;

use chat_entity::{PresenceStatus, Profile};
use kernel::{Principal, RoomId, StoreError, Timestamp};
use thiserror::Error;

use crate::port::{Access, Presence};
use crate::{Chat, ReadError};

/// Users who are looked at: beyond that, somebody may be missed. Each is 16 bytes, and one look into an index.
const MAX_CANDIDATES: usize = 20_000;
/// Users who are listed.
const MAX_LISTED: u32 = 500;

/// Somebody who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SomebodyHere {
    /// Who.
    pub profile: Profile,
    /// What they say of themself.
    pub status: PresenceStatus,
    /// Now.
    pub seen_at: Timestamp,
}

/// Why a caller does not learn who is there.
#[derive(Debug, Error)]
pub enum ListPresenceError {
    /// There is no such room, or none that the caller may know of.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The caller is not in the room.
    #[error("the caller is not a member of the room")]
    NotAMember,
    /// The caller asks too often.
    #[error("too many questions; the next in {retry_after:?}")]
    RateLimited {
        /// When the next one will be answered.
        retry_after: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReadError> for ListPresenceError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoSuchRoom => Self::NoSuchRoom,
            ReadError::NotAMember => Self::NotAMember,
            ReadError::Store(error) => Self::Store(error),
        }
    }
}

impl Chat {
    /// Those in a room of the caller, or in any of them, who are known to be there, at most 500, by user name without
    /// regard to case. Of whom nobody can say whether they are, nothing is said.
    pub async fn list_presence(
        &self,
        caller: &Principal,
        room: Option<RoomId>,
    ) -> Result<Vec<SomebodyHere>, ListPresenceError> {
        self.check_rate(self.rules.presence_rate.as_ref(), caller.user_id)
            .map_err(|retry_after| ListPresenceError::RateLimited { retry_after })?;
        let candidates = self.ports.presence.candidates(MAX_CANDIDATES).await;
        let rooms = &self.ports.rooms;
        let visible = match room {
            // The room is asked for even when nobody is there: the caller may not be in it.
            Some(room) => {
                rooms.members_among(caller.user_id, room, candidates, MAX_LISTED).await.map(Access::granted)??
            }
            None => rooms.neighbours_among(caller.user_id, candidates, MAX_LISTED).await?,
        };
        let users: Vec<_> = visible.iter().map(|profile| profile.id).collect();
        let seen_at = self.ports.clock.now();
        let present = self.ports.presence.present(&users, seen_at).await;
        let here = visible.into_iter().zip(present).filter_map(|(profile, presence)| match presence {
            Presence::Here(status) => Some(SomebodyHere { profile, status, seen_at }),
            Presence::Absent | Presence::Unknown => None,
        });
        Ok(here.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, caller, profile};
    use kernel::UserId;

    #[tokio::test]
    async fn only_those_who_are_known_to_be_there_are_listed() {
        let people = ["ann", "bob", "cy"].map(|name| profile(UserId::new(), name));
        let (ids, found) = (people.clone().map(|profile| profile.id), people.to_vec());
        let mut fixture = Fixture::default();
        fixture.presence.expect_candidates().returning(move |_| ids.to_vec());
        fixture.rooms.expect_neighbours_among().returning(move |_, _, _| Ok(found.clone()));
        fixture
            .presence
            .expect_present()
            .withf(move |users, _| users == ids)
            .returning(|_, _| vec![Presence::Unknown, Presence::Here(PresenceStatus::Dnd), Presence::Absent]);
        let listed = fixture.chat().list_presence(&caller(), None).await.unwrap();
        let listed: Vec<_> = listed.into_iter().map(|here| (here.profile, here.status)).collect();
        assert_eq!(listed, [(people[1].clone(), PresenceStatus::Dnd)]);
    }

    #[tokio::test]
    async fn whoever_may_not_see_a_room_does_not_learn_who_is_there() {
        for (access, not_a_member) in [(Access::NotAMember, true), (Access::NoSuchRoom, false)] {
            let mut fixture = Fixture::default();
            fixture.presence.expect_candidates().returning(|_| Vec::new());
            fixture.rooms.expect_members_among().returning(move |_, _, _, _| Ok(access.clone()));
            let error = fixture.chat().list_presence(&caller(), Some(RoomId::new())).await.unwrap_err();
            assert_eq!(matches!(error, ListPresenceError::NotAMember), not_a_member, "{error}");
        }
    }

    #[tokio::test]
    async fn asking_too_often_is_refused_before_anything_is_looked_up() {
        let mut fixture = Fixture::default();
        fixture.presence.expect_candidates().times(20).returning(|_| Vec::new());
        fixture.rooms.expect_neighbours_among().times(20).returning(|_, _, _| Ok(Vec::new()));
        fixture.presence.expect_present().returning(|_, _| Vec::new());
        let (chat, caller) = (fixture.chat(), caller());
        for _ in 0..20 {
            chat.list_presence(&caller, None).await.unwrap();
        }
        let refused = chat.list_presence(&caller, None).await;
        assert!(matches!(refused, Err(ListPresenceError::RateLimited { .. })), "{refused:?}");
    }
}
