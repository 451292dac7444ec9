//! An account, without what proves that one owns it.

use kernel::{Timestamp, UserId};

use crate::{AvatarUrl, Bio, DisplayName, Email, Language, StatusText, TimeZone, Username};

/// A person's account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The account's id; it never changes.
    pub id: UserId,
    /// The unique name.
    pub username: Username,
    /// Shown to the owner only.
    pub email: Email,
    /// The name that others see.
    pub display_name: DisplayName,
    /// A few lines about oneself.
    pub bio: Option<Bio>,
    /// Where the picture is.
    pub avatar_url: Option<AvatarUrl>,
    /// What one is up to.
    pub status_text: Option<StatusText>,
    /// A language tag (BCP 47).
    pub language: Option<Language>,
    /// A time zone's name (IANA).
    pub time_zone: Option<TimeZone>,
    /// Counts what others see of the account: 1 at first, and one more with each change.
    pub profile_version: u64,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Since when the operator has disabled it.
    pub disabled_at: Option<Timestamp>,
}

impl User {
    /// A new account; without a display name it is shown by its user name.
    pub fn new(username: Username, email: Email, display_name: Option<DisplayName>, now: Timestamp) -> Self {
        let display_name = display_name.unwrap_or_else(|| DisplayName::from(&username));
        Self {
            id: UserId::new(),
            username,
            email,
            display_name,
            bio: None,
            avatar_url: None,
            status_text: None,
            language: None,
            time_zone: None,
            profile_version: 1,
            created_at: now,
            disabled_at: None,
        }
    }
}
