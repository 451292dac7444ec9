//! Ed25519 keys as OpenSSL writes them (RFC 8410): PEM around PKCS#8 for a private key, around X.509 for a public one.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// What is before the 32 bytes of a public key: a sequence of the algorithm's number, 1.3.101.112, and a string of bits.
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A private key.
pub(super) struct Private {
    /// As PKCS#8.
    pub(super) document: Vec<u8>,
    /// The public key that belongs to it.
    pub(super) public: [u8; 32],
}

/// Reads a private key.
pub(super) fn private(text: &str) -> Option<Private> {
    let document = between(text, PRIVATE)?;
    let pair = Ed25519KeyPair::from_pkcs8(&document).ok()?;
    let public = pair.public_key().as_ref().try_into().ok()?;
    Some(Private { document, public })
}

/// Reads a public key, or that of a private one.
pub(super) fn public(text: &str) -> Option<[u8; 32]> {
    match between(text, PUBLIC) {
        Some(document) => document.strip_prefix(&PUBLIC_PREFIX)?.try_into().ok(),
        None => private(text).map(|key| key.public),
    }
}

/// Writes a private key that is PKCS#8.
pub(super) fn write(document: &[u8]) -> String {
    format!("-----BEGIN {PRIVATE}-----\n{}\n-----END {PRIVATE}-----\n", STANDARD.encode(document))
}

fn between(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}
