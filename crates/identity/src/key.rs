//! The public keys that tokens are verified with.

use std::sync::Arc;

use jsonwebtoken::DecodingKey;

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

/// Knows the keys by their ids. It MUST answer from memory: it is asked for each request, and by strangers.
pub trait KeySource: Send + Sync {
    /// The key with this id, if it is one that may sign access tokens now.
    fn key(&self, kid: &str) -> Option<PublicKey>;
}
