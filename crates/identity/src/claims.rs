//! What an access token says. Each claim is required and typed: one that is missing or of another type is a refusal (I19).

use kernel::{SessionId, UserId};
use serde::Deserialize;

/// The claims of RFC 9068, with the session and the user name.
#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    /// One audience; the list form, which JWT allows, is never written by us.
    pub(crate) aud: String,
    pub(crate) sub: UserId,
    pub(crate) sid: SessionId,
    pub(crate) jti: String,
    pub(crate) username: String,
    /// Seconds since 1970.
    pub(crate) exp: i64,
    /// Seconds since 1970.
    pub(crate) iat: i64,
}
