//! The tag that proves that a refresh token is ours.

use auth_entity::RefreshToken;

/// Seals and opens refresh tokens with a key that only this service has.
#[cfg_attr(test, mockall::automock)]
pub trait RefreshTokens: Send + Sync {
    /// Writes a token with its tag. The same token MUST always give the same text: a successor is made again when its
    /// answer was lost.
    fn seal(&self, token: &RefreshToken) -> String;

    /// Reads a token; `None` unless the tag is right, which MUST be compared in constant time.
    fn open(&self, text: &str) -> Option<RefreshToken>;
}
