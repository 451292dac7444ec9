//! The tag of refresh tokens: HMAC-SHA256 with a key of their own.

use auth_entity::{RefreshToken, TAG_LEN};
use auth_usecase::ports::RefreshTokens;
use aws_lc_rs::hmac;

use super::Keys;

/// Seals with one key. The comparison is the library's, in constant time.
pub struct HmacRefreshTokens {
    key: hmac::Key,
}

impl HmacRefreshTokens {
    /// With the service's key.
    pub fn new(keys: &Keys) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, keys.refresh_key()) }
    }
}

impl RefreshTokens for HmacRefreshTokens {
    fn seal(&self, token: &RefreshToken) -> String {
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(hmac::sign(&self.key, &token.body()).as_ref());
        token.format(&tag)
    }

    fn open(&self, text: &str) -> Option<RefreshToken> {
        let (token, tag) = RefreshToken::parse(text)?;
        hmac::verify(&self.key, &token.body(), &tag).ok()?;
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SessionId;

    #[test]
    fn only_what_this_key_sealed_opens() {
        let ours = HmacRefreshTokens { key: hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]) };
        let theirs = HmacRefreshTokens { key: hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]) };
        let token = RefreshToken { session_id: SessionId::new(), generation: 7 };
        let text = ours.seal(&token);
        assert_eq!(ours.open(&text), Some(token));
        assert_eq!(ours.seal(&token), text, "a successor that was lost must come out the same");
        assert_eq!(theirs.open(&text), None);
        let (_, tag) = RefreshToken::parse(&text).unwrap();
        let next = RefreshToken { generation: 8, ..token };
        assert_eq!(ours.open(&next.format(&tag)), None, "a tag is for one generation");
        let other = RefreshToken { session_id: SessionId::new(), ..token };
        assert_eq!(ours.open(&other.format(&tag)), None, "a tag is for one session");
    }
}
