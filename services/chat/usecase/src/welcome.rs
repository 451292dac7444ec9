//! A user's first call: chat meets them and puts them into the default rooms.

use std::sync::PoisonError;

use chat_entity::Profile;
use kernel::{Principal, RoomId, StoreError, UserId};
use thiserror::Error;

use crate::Chat;
use crate::chat::MAX_KNOWN;
use crate::port::{ProfileError, Welcomed};

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
            self.meet(caller.user_id).await?;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(caller.user_id);
        Ok(())
    }

    async fn meet(&self, user: UserId) -> Result<(), WelcomeError> {
        let met = self.ports.profiles.profile(user).await?.ok_or(WelcomeError::NoSuchUser)?;
        let (default_rooms, now) = (self.rules.default_rooms.clone(), self.ports.clock.now());
        if self.ports.people.welcome(met.profile, met.version, default_rooms, now).await? == Welcomed::Known {
            return Ok(());
        }
        // A change that was told before the newcomer was known was left alone, so whoever has just been met is asked for
        // once more. From now on, changes are applied when they are told.
        match self.ports.profiles.profile(user).await {
            Ok(Some(current)) if current.version > met.version => {
                self.ports.people.update(current.profile, current.version).await?;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, user_id = %user, "a newcomer's profile may be old until it changes"),
        }
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
    use crate::port::VersionedProfile;

    #[tokio::test]
    async fn a_newcomer_is_welcomed_once_and_then_costs_no_question() {
        let mut fixture = Fixture::default();
        let caller = caller();
        let known_to_auth = profile(caller.user_id, "ada");
        fixture.people.expect_find().times(1).returning(|_| Ok(None));
        fixture.profiles.expect_profile().times(2).returning(move |_| Ok(Some(version(&known_to_auth, 7))));
        fixture
            .people
            .expect_welcome()
            .times(1)
            .withf(|_, version, _, _| *version == 7)
            .returning(|_, _, _, _| Ok(Welcomed::New));
        let chat = fixture.chat();
        chat.welcome(&caller).await.unwrap();
        chat.welcome(&caller).await.unwrap();
    }

    fn version(profile: &Profile, version: u64) -> VersionedProfile {
        VersionedProfile { profile: profile.clone(), version }
    }

    #[tokio::test]
    async fn a_change_that_was_told_while_a_newcomer_was_met_is_not_missed() {
        let mut fixture = Fixture::default();
        let caller = caller();
        let (before, after) = (profile(caller.user_id, "ada"), profile(caller.user_id, "ada2"));
        let mut told = vec![version(&after, 2), version(&before, 1)];
        fixture.people.expect_find().returning(|_| Ok(None));
        fixture.profiles.expect_profile().times(2).returning(move |_| Ok(told.pop()));
        fixture.people.expect_welcome().times(1).returning(|_, _, _, _| Ok(Welcomed::New));
        fixture
            .people
            .expect_update()
            .times(1)
            .withf(move |found, version| *found == after && *version == 2)
            .returning(|_, _| Ok(true));
        fixture.chat().welcome(&caller).await.unwrap();
    }

    #[tokio::test]
    async fn a_newcomer_is_let_in_when_auth_goes_away_in_the_middle() {
        let mut fixture = Fixture::default();
        let caller = caller();
        let mut told =
            vec![Err(ProfileError("away".to_owned())), Ok(Some(version(&profile(caller.user_id, "ada"), 1)))];
        fixture.people.expect_find().returning(|_| Ok(None));
        fixture.profiles.expect_profile().times(2).returning(move |_| told.pop().unwrap());
        fixture.people.expect_welcome().times(1).returning(|_, _, _, _| Ok(Welcomed::New));
        fixture.chat().welcome(&caller).await.unwrap();
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
