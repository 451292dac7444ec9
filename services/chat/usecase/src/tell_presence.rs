//! Keeping up who is there, and telling the others when that changes.

use std::collections::HashMap;

use kernel::{RoomId, UserId};

use crate::Chat;
use crate::port::{Lease, Passing, PresenceChange};

/// Changes that are told together: the store is asked once for the rooms of so many users.
const AT_ONCE: usize = 100;

impl Chat {
    /// Notes that connections are there, or have gone, and tells what has changed by that. It never fails: what could not
    /// be noted comes with the next renewal, and what could not be told is missed.
    pub async fn renew_presence(&self, leases: &[Lease]) {
        let changes = self.ports.presence.renew(leases, self.ports.clock.now()).await;
        self.tell_presence(changes).await;
    }

    /// Tells of those whose leases have ended by themselves, as those of a node that died, and of whom no other node has
    /// told. Each node calls it all the time.
    pub async fn tell_ended_presence(&self) {
        loop {
            let changes = self.ports.presence.take_ended(AT_ONCE, self.ports.clock.now()).await;
            let is_all = changes.len() < AT_ONCE;
            self.tell_presence(changes).await;
            if is_all {
                return;
            }
        }
    }

    async fn tell_presence(&self, changes: Vec<PresenceChange>) {
        if changes.is_empty() {
            return;
        }
        let users = changes.iter().map(|change| change.user).collect();
        let mut rooms: HashMap<UserId, Vec<RoomId>> = HashMap::new();
        match self.ports.rooms.rooms_of(users).await {
            Ok(found) => found.into_iter().for_each(|(user, room)| rooms.entry(user).or_default().push(room)),
            // It has been taken for told, and is not told again: whoever needs to know asks for the list.
            Err(error) => {
                tracing::warn!(%error, changes = changes.len(), "changed presence could not be told");
                return;
            }
        }
        for change in changes {
            if let Some(rooms) = rooms.remove(&change.user) {
                self.ports.passing.tell(Passing::PresenceChanged { change, rooms });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use chat_entity::PresenceStatus;
    use kernel::{StoreError, Timestamp};

    fn change() -> PresenceChange {
        PresenceChange { user: UserId::new(), status: Some(PresenceStatus::Online), seen_at: Timestamp::from_millis(7) }
    }

    #[tokio::test]
    async fn a_change_is_told_with_all_rooms_of_its_user_and_one_of_a_user_without_rooms_is_not() {
        let (here, alone, room) = (change(), change(), RoomId::new());
        let mut fixture = Fixture::default();
        fixture.presence.expect_renew().returning(move |_, _| vec![here, alone]);
        fixture
            .rooms
            .expect_rooms_of()
            .withf(move |users| *users == [here.user, alone.user])
            .returning(move |_| Ok(vec![(here.user, room)]));
        let told = Passing::PresenceChanged { change: here, rooms: vec![room] };
        fixture.passing.expect_tell().withf(move |event| *event == told).times(1).return_const(());
        fixture.chat().renew_presence(&[]).await;
    }

    #[tokio::test]
    async fn what_changes_nothing_asks_the_store_for_nothing() {
        let mut fixture = Fixture::default();
        fixture.presence.expect_renew().returning(|_, _| Vec::new());
        fixture.presence.expect_take_ended().returning(|_, _| Vec::new());
        let chat = fixture.chat();
        chat.renew_presence(&[]).await;
        chat.tell_ended_presence().await;
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_asked_once_and_nobody_is_told() {
        let mut fixture = Fixture::default();
        fixture.presence.expect_renew().returning(|_, _| vec![change()]);
        fixture.rooms.expect_rooms_of().times(1).returning(|_| Err(StoreError::Overloaded));
        fixture.chat().renew_presence(&[]).await;
    }

    #[tokio::test]
    async fn more_who_have_gone_than_are_taken_at_once_are_taken_one_batch_after_the_other() {
        let mut fixture = Fixture::default();
        let mut batches = vec![vec![change(); 3], vec![change(); AT_ONCE]];
        fixture.presence.expect_take_ended().times(2).returning(move |_, _| batches.pop().unwrap());
        fixture.rooms.expect_rooms_of().times(2).returning(|_| Ok(Vec::new()));
        fixture.chat().tell_ended_presence().await;
    }
}
