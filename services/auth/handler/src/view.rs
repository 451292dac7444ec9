//! Accounts and sessions as they are shown.

use auth_entity::{Session, User};
use contract::auth::{OwnUser, PublicUser, SessionView};

/// A user as everybody sees them.
pub(crate) fn public(user: &User) -> PublicUser {
    PublicUser {
        id: user.id,
        username: user.username.as_str().to_owned(),
        display_name: user.display_name.as_str().to_owned(),
        bio: user.bio.clone(),
        avatar_url: user.avatar_url.clone(),
        status_text: user.status_text.clone(),
        language: user.language.clone(),
        time_zone: user.time_zone.clone(),
        created_at: user.created_at,
    }
}

/// A user as they see themselves.
pub(crate) fn own(user: &User) -> OwnUser {
    OwnUser { profile: public(user), email: user.email.as_str().to_owned() }
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
