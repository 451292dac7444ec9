//! Accounts and sessions as they are shown.

use auth_entity::{AvatarUrl, Bio, Language, Session, StatusText, TimeZone, User};
use contract::auth::{OwnUser, PublicUser, SessionView};
use contract::internal::Profile;

/// A user as everybody sees them.
pub(crate) fn public(user: &User) -> PublicUser {
    PublicUser {
        id: user.id,
        username: user.username.as_str().to_owned(),
        display_name: user.display_name.as_str().to_owned(),
        bio: text(user.bio.as_ref(), Bio::as_str),
        avatar_url: text(user.avatar_url.as_ref(), AvatarUrl::as_str),
        status_text: text(user.status_text.as_ref(), StatusText::as_str),
        language: text(user.language.as_ref(), Language::as_str),
        time_zone: text(user.time_zone.as_ref(), TimeZone::as_str),
        created_at: user.created_at,
    }
}

fn text<T>(value: Option<&T>, as_str: fn(&T) -> &str) -> Option<String> {
    value.map(|value| as_str(value).to_owned())
}

/// A user as they see themselves.
pub(crate) fn own(user: &User) -> OwnUser {
    OwnUser { profile: public(user), email: user.email.as_str().to_owned() }
}

/// A user as the other services know them.
pub(crate) fn internal(user: &User) -> Profile {
    Profile {
        user_id: user.id,
        version: user.profile_version,
        username: user.username.as_str().to_owned(),
        display_name: user.display_name.as_str().to_owned(),
        avatar_url: text(user.avatar_url.as_ref(), AvatarUrl::as_str),
    }
}

/// A session as its owner sees it.
pub(crate) fn session(session: &Session) -> SessionView {
    SessionView {
        id: session.id,
        device: session.device.as_ref().map(|device| device.as_str().to_owned()),
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at(),
    }
}
