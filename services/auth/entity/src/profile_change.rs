//! What a person changes of what others see.

use crate::{AvatarUrl, Bio, DisplayName, Language, StatusText, TimeZone, User};

/// A change of some fields. `None` leaves a field as it is; `Some(None)` clears it, which a display name cannot be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProfileChange {
    /// The name that others see.
    pub display_name: Option<DisplayName>,
    /// A few lines about oneself.
    pub bio: Option<Option<Bio>>,
    /// Where the picture is.
    pub avatar_url: Option<Option<AvatarUrl>>,
    /// What one is up to.
    pub status_text: Option<Option<StatusText>>,
    /// A language tag.
    pub language: Option<Option<Language>>,
    /// A time zone's name.
    pub time_zone: Option<Option<TimeZone>>,
}

impl ProfileChange {
    /// The account after this change, with the next version of its profile; `None` when nothing would be different.
    pub fn apply(self, user: &User) -> Option<User> {
        let old = user.clone();
        let new = User {
            display_name: self.display_name.unwrap_or(old.display_name),
            bio: self.bio.unwrap_or(old.bio),
            avatar_url: self.avatar_url.unwrap_or(old.avatar_url),
            status_text: self.status_text.unwrap_or(old.status_text),
            language: self.language.unwrap_or(old.language),
            time_zone: self.time_zone.unwrap_or(old.time_zone),
            ..old
        };
        (new != *user).then(|| User { profile_version: new.profile_version.saturating_add(1), ..new })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Email, Username};
    use kernel::Timestamp;
    use proptest::prelude::*;

    fn user() -> User {
        let username = Username::parse("ann").unwrap();
        let mut user = User::new(username, Email::parse("ann@example.org").unwrap(), None, Timestamp::from_millis(0));
        user.bio = Bio::parse("a bio").unwrap();
        user.time_zone = Some(TimeZone::parse("Europe/Vienna").unwrap());
        user
    }

    #[test]
    fn absent_fields_stay_and_cleared_ones_go() {
        let change = ProfileChange {
            display_name: Some(DisplayName::parse("Ann B.").unwrap()),
            bio: Some(None),
            ..ProfileChange::default()
        };
        let changed = change.apply(&user()).unwrap();
        let wanted = User { id: changed.id, display_name: DisplayName::parse("Ann B.").unwrap(), bio: None, ..user() };
        assert_eq!(changed, User { profile_version: 2, ..wanted });
    }

    #[test]
    fn a_change_that_changes_nothing_makes_no_version() {
        let user = user();
        assert_eq!(ProfileChange::default().apply(&user), None);
        let same = ProfileChange { bio: Some(user.bio.clone()), language: Some(None), ..ProfileChange::default() };
        assert_eq!(same.apply(&user), None);
    }

    proptest! {
        #[test]
        fn applying_a_change_again_changes_nothing(bio in prop::option::of(prop::option::of("[a-c]{1,2}")), name in prop::option::of("[a-c]{1,2}")) {
            let change = ProfileChange {
                bio: bio.map(|bio| bio.and_then(|bio| Bio::parse(&bio).unwrap())),
                display_name: name.map(|name| DisplayName::parse(&name).unwrap()),
                ..ProfileChange::default()
            };
            let user = user();
            if let Some(changed) = change.clone().apply(&user) {
                prop_assert_eq!(changed.profile_version, user.profile_version + 1);
                prop_assert_eq!(change.apply(&changed), None);
            }
        }
    }
}
