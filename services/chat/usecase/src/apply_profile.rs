//! Taking over what somebody has changed of their profile at the auth service.

use kernel::StoreError;

use crate::Chat;
use crate::port::VersionedProfile;

impl Chat {
    /// Shows an account as it is now from here on, and tells whether that is news. It may be called repeatedly and in any
    /// order; the newest version stays. Somebody whom chat has not met stays unknown: their first call asks.
    pub async fn apply_profile(&self, changed: VersionedProfile) -> Result<bool, StoreError> {
        self.ports.people.update(changed.profile, changed.version).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, profile};
    use kernel::UserId;

    #[tokio::test]
    async fn a_change_goes_to_the_store_and_its_failure_comes_back() {
        let mut fixture = Fixture::default();
        let changed = VersionedProfile { profile: profile(UserId::new(), "ada"), version: 3 };
        let mut answers = vec![Err(StoreError::Overloaded), Ok(false), Ok(true)];
        let wanted = changed.clone();
        let same = move |profile: &_, version: &u64| *profile == wanted.profile && *version == wanted.version;
        fixture.people.expect_update().times(3).withf(same).returning(move |_, _| answers.pop().unwrap());
        let chat = fixture.chat();
        assert!(chat.apply_profile(changed.clone()).await.unwrap());
        assert!(!chat.apply_profile(changed.clone()).await.unwrap(), "it is known");
        assert!(chat.apply_profile(changed).await.is_err());
    }
}
