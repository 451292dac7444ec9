//! A user's first call: chat meets them and puts them into the default rooms.

use std::sync::PoisonError;

use chat_entity::Profile;
use kernel::{Principal, RoomId, StoreError, UserId};
use thiserror::Error;

use crate::Chat;
use crate::chat::MAX_KNOWN;
use crate::port::ProfileError;

/// Why a user could not be met.
#[derive(Debug, Error)]
pub enum WelcomeError {
    /// The account is gone.
    #[error("there is no such account")]
    NoSuchUser,
    /// The auth service could not say.
    #[error(transparent)]
    Profiles(#[from] ProfileError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// Makes sure that the default rooms are there. Called once, at the start of a node; repeating it is harmless.
    pub async fn prepare_default_rooms(&self) -> Result<(), StoreError> {
        for name in &self.rules.default_rooms {
            self.ports.rooms.ensure_default(RoomId::new(), name.clone(), self.ports.clock.now()).await?;
        }
        Ok(())
    }

    /// Makes sure that chat knows the caller. Every call of a caller begins with this.
    pub async fn welcome(&self, caller: &Principal) -> Result<(), WelcomeError> {
        if self.is_known(caller.user_id) {
            return Ok(());
        }
        if self.ports.people.find(caller.user_id).await?.is_none() {
            let profile = self.ports.profiles.profile(caller.user_id).await?.ok_or(WelcomeError::NoSuchUser)?;
            let default_rooms = self.rules.default_rooms.clone();
            self.ports.people.welcome(profile, default_rooms, self.ports.clock.now()).await?;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(caller.user_id);
        Ok(())
    }

    /// The caller as others see them.
    pub async fn own_profile(&self, caller: &Principal) -> Result<Profile, WelcomeError> {
        self.welcome(caller).await?;
        self.ports.people.find(caller.user_id).await?.ok_or(WelcomeError::NoSuchUser)
    }

    fn is_known(&self, user: UserId) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, caller, profile};
    use crate::port::Welcomed;

    #[tokio::test]
    async fn a_newcomer_is_welcomed_once_and_then_costs_no_question() {
        let mut fixture = Fixture::default();
        let caller = caller();
        let known_to_auth = profile(caller.user_id, "ada");
        fixture.people.expect_find().times(1).returning(|_| Ok(None));
        fixture.profiles.expect_profile().times(1).returning(move |_| Ok(Some(known_to_auth.clone())));
        fixture.people.expect_welcome().times(1).returning(|_, _, _| Ok(Welcomed::New));
        let chat = fixture.chat();
        chat.welcome(&caller).await.unwrap();
        chat.welcome(&caller).await.unwrap();
    }

    #[tokio::test]
    async fn when_the_store_fails_nobody_is_taken_for_known() {
        let mut fixture = Fixture::default();
        fixture.people.expect_find().times(2).returning(|_| Err(StoreError::Overloaded));
        let chat = fixture.chat();
        for _ in 0..2 {
            assert!(matches!(chat.welcome(&caller()).await, Err(WelcomeError::Store(StoreError::Overloaded))));
        }
    }

    #[tokio::test]
    async fn a_token_of_an_account_that_is_gone_makes_nobody_known() {
        let mut fixture = Fixture::default();
        fixture.people.expect_find().returning(|_| Ok(None));
        fixture.profiles.expect_profile().returning(|_| Ok(None));
        fixture.people.expect_welcome().never();
        assert!(matches!(fixture.chat().welcome(&caller()).await, Err(WelcomeError::NoSuchUser)));
    }
}
