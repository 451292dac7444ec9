//! Changing what others see of oneself.

use auth_entity::{ProfileChange, User};
use kernel::{StoreError, UserId};
use thiserror::Error;

use crate::Auth;
use crate::ports::{ReplaceOutcome, Unexpected};

/// How often a change is applied to what somebody else has just changed. Each time one of the racers wins, and it is the
/// same person on every side.
const TRIES: u32 = 5;

/// Why a profile was not changed.
#[derive(Debug, Error)]
pub enum UpdateProfileError {
    /// The account has gone, and with it the session that asked.
    #[error("the account has gone")]
    Gone,
    /// Others changed the profile each time when this change was about to.
    #[error("the profile is being changed by others")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message to other services could not be written.
    #[error("a profile could not be told to others: {0}")]
    Unexpected(Unexpected),
}

impl Auth {
    /// Changes the caller's own profile, and tells the other services: whoever reads the account after this sees the
    /// change, and the others hear of it, whatever dies in between.
    pub async fn update_profile(&self, id: UserId, change: ProfileChange) -> Result<User, UpdateProfileError> {
        for _ in 0..TRIES {
            let user = self.ports.users.find_by_id(id).await?.ok_or(UpdateProfileError::Gone)?;
            let Some(changed) = change.clone().apply(&user) else { return Ok(user) };
            let message =
                self.ports.account_events.profile_changed(&changed).map_err(UpdateProfileError::Unexpected)?;
            let now = self.ports.clock.now();
            match self.ports.users.replace_profile(&changed, &message, now).await? {
                ReplaceOutcome::Replaced => {
                    self.ports.account_events.committed();
                    return Ok(changed);
                }
                ReplaceOutcome::Stale => {}
            }
        }
        Err(UpdateProfileError::Contended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};
    use crate::ports::Message;
    use auth_entity::Bio;
    use uuid::Uuid;

    fn change() -> ProfileChange {
        ProfileChange { bio: Some(Bio::parse("new").unwrap()), ..ProfileChange::default() }
    }

    fn message(_: &User) -> Result<Message, Unexpected> {
        Ok(Message { id: Uuid::nil(), topic: "profiles".to_owned(), payload: "{}".to_owned() })
    }

    #[tokio::test]
    async fn a_change_and_its_message_go_to_the_store_together_and_then_the_relay_wakes() {
        let mut mocks = Mocks::default();
        let user = mocks::user();
        let found = user.clone();
        mocks.users.expect_find_by_id().times(1).returning(move |_| Ok(Some(found.clone())));
        mocks.account_events.expect_profile_changed().times(1).returning(message);
        mocks
            .users
            .expect_replace_profile()
            .times(1)
            .withf(|user, told, now| {
                user.profile_version == 2 && *told == message(user).unwrap() && *now == mocks::now()
            })
            .returning(|_, _, _| Ok(ReplaceOutcome::Replaced));
        mocks.account_events.expect_committed().times(1).return_const(());
        let changed = mocks.auth().update_profile(user.id, change()).await.unwrap();
        assert_eq!(changed, User { bio: Bio::parse("new").unwrap(), profile_version: 2, ..user });
    }

    #[tokio::test]
    async fn a_change_that_changes_nothing_writes_nothing() {
        let mut mocks = Mocks::default();
        let user = mocks::user();
        let found = user.clone();
        mocks.users.expect_find_by_id().returning(move |_| Ok(Some(found.clone())));
        assert_eq!(mocks.auth().update_profile(user.id, ProfileChange::default()).await.unwrap(), user);
    }

    #[tokio::test]
    async fn a_change_that_lost_a_race_is_made_to_what_won_and_given_up_in_the_end() {
        let mut mocks = Mocks::default();
        let user = mocks::user();
        let mut found = user.clone();
        mocks.users.expect_find_by_id().times(5).returning(move |_| {
            found.profile_version += 1;
            Ok(Some(found.clone()))
        });
        mocks.account_events.expect_profile_changed().times(5).returning(message);
        let mut expected = 2;
        mocks.users.expect_replace_profile().times(5).returning(move |user, _, _| {
            expected += 1;
            assert_eq!(user.profile_version, expected, "it goes after what was found");
            Ok(ReplaceOutcome::Stale)
        });
        let error = mocks.auth().update_profile(user.id, change()).await.unwrap_err();
        assert!(matches!(error, UpdateProfileError::Contended), "{error}");
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_written_leaves_the_profile_alone() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Ok(Some(mocks::user())));
        mocks.account_events.expect_profile_changed().returning(|_| Err("broken".into()));
        let error = mocks.auth().update_profile(mocks::user().id, change()).await.unwrap_err();
        assert!(matches!(error, UpdateProfileError::Unexpected(_)), "{error}");
    }

    #[tokio::test]
    async fn an_account_that_has_gone_and_a_dead_store_are_told_apart() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Ok(None));
        let gone = mocks.auth().update_profile(mocks::user().id, change()).await;
        assert!(matches!(gone, Err(UpdateProfileError::Gone)));
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Ok(Some(mocks::user())));
        mocks.account_events.expect_profile_changed().returning(message);
        mocks.users.expect_replace_profile().returning(|_, _, _| Err(StoreError::Unknown("gone".into())));
        let failed = mocks.auth().update_profile(mocks::user().id, change()).await;
        assert!(matches!(failed, Err(UpdateProfileError::Store(StoreError::Unknown(_)))));
    }
}
