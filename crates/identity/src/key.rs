//! The public keys that tokens are verified with.

use std::sync::Arc;

use async_trait::async_trait;
use jsonwebtoken::DecodingKey;
use kernel::Timestamp;

use crate::Unavailable;

/// An Ed25519 public key.
#[derive(Clone, Debug)]
pub struct PublicKey(pub(crate) Arc<DecodingKey>);

impl PublicKey {
    /// The key with these bytes (RFC 8032).
    pub fn from_ed25519(bytes: &[u8; 32]) -> Self {
        // The library calls the raw form of this kind of key DER.
        Self(Arc::new(DecodingKey::from_ed_der(bytes)))
    }
}

/// Knows the keys by their ids.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The key with this id, if it is one that may sign access tokens now. It MUST answer from memory: it is asked for each
    /// request, and by strangers.
    fn key(&self, kid: &str) -> Option<PublicKey>;

    /// The same for a key that is not in memory and may have been made since: a token names it that says that it was issued
    /// then, which nobody has checked. It is asked by strangers too, so it MUST bound what that costs. It MUST answer `None`
    /// only when there is no such key, and `Unavailable` when it cannot know: who has a good token must not be told that it
    /// is none.
    ///
    /// A source that has all keys in memory need not write this.
    async fn find(&self, kid: &str, issued_at: Timestamp) -> Result<Option<PublicKey>, Unavailable> {
        let _ = (kid, issued_at);
        Ok(None)
    }
}
