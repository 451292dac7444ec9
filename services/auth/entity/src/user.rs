//! An account, without what proves that one owns it.

use kernel::{Timestamp, UserId};

use crate::{DisplayName, Email, Username};

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
    pub bio: Option<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// What one is up to.
    pub status_text: Option<String>,
    /// A language tag (BCP 47).
    pub language: Option<String>,
    /// A time zone's name (IANA).
    pub time_zone: Option<String>,
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
            created_at: now,
            disabled_at: None,
        }
    }
}
