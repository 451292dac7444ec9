//! The beginning of a socket: all rooms of the caller, and how each goes on from what the client has.

use std::collections::HashMap;

use chat_entity::{Resume, Seq, Standing};
use kernel::{Principal, RoomId, StoreError};

use crate::port::RoomStanding;
use crate::{Chat, WelcomeError};

/// What a client is told when it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// How often its user has joined or left rooms so far; it moves on with every further time.
    pub membership_no: u64,
    /// Its rooms.
    pub rooms: Vec<StartedRoom>,
}

/// A room, one's place in it, and how it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedRoom {
    /// The room and one's place.
    pub standing: RoomStanding,
    /// How it goes on.
    pub resume: Resume,
}

impl Chat {
    /// All rooms of the caller with the way each goes on after the cursors that the client has, which belong to the
    /// history that it names; none named means the current one (I7).
    pub async fn start(
        &self,
        caller: &Principal,
        epoch: Option<&str>,
        cursors: &HashMap<RoomId, Seq>,
    ) -> Result<Started, WelcomeError> {
        self.welcome(caller).await?;
        let standings = self.ports.rooms.standings(caller.user_id).await?;
        let same_epoch = epoch.is_none_or(|epoch| epoch == standings.epoch);
        let membership_no = standings.membership_no;
        let rooms = standings
            .rooms
            .into_iter()
            .map(|standing| {
                let resume = self.standing(&standing).resume(cursors.get(&standing.room.id).copied(), same_epoch);
                StartedRoom { standing, resume }
            })
            .collect();
        Ok(Started { membership_no, rooms })
    }

    /// One room of the caller, as `start` would tell it to a client without a cursor; `None` when not a member.
    pub async fn started_room(&self, caller: &Principal, room: RoomId) -> Result<Option<StartedRoom>, StoreError> {
        let standing = self.ports.rooms.standing(caller.user_id, room).await?;
        Ok(standing.map(|standing| {
            let resume = self.standing(&standing).resume(None, true);
            StartedRoom { standing, resume }
        }))
    }

    /// The name of the store's history.
    pub async fn epoch(&self) -> Result<String, StoreError> {
        self.ports.log.epoch().await
    }

    fn standing(&self, standing: &RoomStanding) -> Standing {
        // Nothing is removed from a log so far, so everything from the first event on is kept.
        Standing { head: standing.room.head_seq, first_kept: Seq::new(1), max_replay: self.rules.max_replay }
    }
}
