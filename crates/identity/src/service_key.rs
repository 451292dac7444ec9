//! The key by which our services know each other.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const LEN: usize = 32;

/// 32 random bytes that all nodes of an installation share, and nobody else. Debug does not show them.
#[derive(Clone)]
pub struct ServiceKey([u8; LEN]);

impl ServiceKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; LEN]) -> Self {
        Self(bytes)
    }

    /// Whether a bearer token is this key; how long that takes tells nothing about where the two differ.
    pub fn is(&self, bearer: &str) -> bool {
        STANDARD.decode(bearer).is_ok_and(|presented| verify_slices_are_equal(&self.0, &presented).is_ok())
    }

    /// The key as a bearer token: a secret.
    pub fn to_bearer(&self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_itself_is_the_key() {
        let key = ServiceKey::from_bytes([7; LEN]);
        assert!(key.is(&key.to_bearer()));
        let mut other = [7; LEN];
        other[LEN - 1] = 8;
        for wrong in [ServiceKey::from_bytes(other).to_bearer(), String::new(), STANDARD.encode([7; 31]), "ö".repeat(9)]
        {
            assert!(!key.is(&wrong), "{wrong}");
        }
        assert!(!format!("{key:?}").contains('7'));
    }
}
