//! The form of a refresh token: what it names, and the tag that proves that we made it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::SessionId;

/// Bytes of the tag: HMAC-SHA256.
pub const TAG_LEN: usize = 32;

const VERSION: u8 = 1;
const BODY_LEN: usize = 1 + 16 + 4;
const TOKEN_LEN: usize = BODY_LEN + TAG_LEN;

/// A session and a generation: base64url of a version byte, the session's id, the generation (big-endian) and the tag
/// over all of these. The store keeps only the generation, so what leaks from it makes no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefreshToken {
    /// The session that it refreshes.
    pub session_id: SessionId,
    /// Counts the refreshes before it.
    pub generation: u32,
}

impl RefreshToken {
    /// The bytes that the tag covers.
    pub fn body(&self) -> [u8; BODY_LEN] {
        let mut body = [0; BODY_LEN];
        body[0] = VERSION;
        body[1..17].copy_from_slice(self.session_id.as_bytes());
        body[17..].copy_from_slice(&self.generation.to_be_bytes());
        body
    }

    /// Writes the token with its tag.
    pub fn format(&self, tag: &[u8; TAG_LEN]) -> String {
        let mut bytes = [0; TOKEN_LEN];
        bytes[..BODY_LEN].copy_from_slice(&self.body());
        bytes[BODY_LEN..].copy_from_slice(tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token and its tag, which the caller MUST verify. `None` for anything that has another form.
    pub fn parse(text: &str) -> Option<(Self, [u8; TAG_LEN])> {
        let mut bytes = [0; TOKEN_LEN];
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (body, tag) = bytes.split_at(BODY_LEN);
        if read != TOKEN_LEN || body[0] != VERSION {
            return None;
        }
        let token = Self {
            session_id: SessionId::from_bytes(body[1..17].try_into().ok()?),
            generation: u32::from_be_bytes(body[17..].try_into().ok()?),
        };
        Some((token, tag.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(id: [u8; 16], generation: u32, tag: [u8; TAG_LEN]) {
            let token = RefreshToken { session_id: SessionId::from_bytes(id), generation };
            prop_assert_eq!(RefreshToken::parse(&token.format(&tag)), Some((token, tag)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            RefreshToken::parse(&text);
        }

        #[test]
        fn every_token_has_one_spelling(id: [u8; 16], generation: u32, tag: [u8; TAG_LEN], at in 0usize..71, other in "[A-Za-z0-9_-]") {
            let token = RefreshToken { session_id: SessionId::from_bytes(id), generation };
            let text = token.format(&tag);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other);
            prop_assume!(changed != text);
            prop_assert_ne!(RefreshToken::parse(&changed), Some((token, tag)));
        }
    }

    #[test]
    fn another_version_and_another_length_are_refused() {
        let token = RefreshToken { session_id: SessionId::new(), generation: 1 };
        let text = token.format(&[7; TAG_LEN]);
        assert!(RefreshToken::parse(&text[..text.len() - 4]).is_none());
        assert!(RefreshToken::parse(&format!("{text}AAAA")).is_none());
        assert!(RefreshToken::parse(&format!("Ag{}", &text[2..])).is_none());
    }
}
