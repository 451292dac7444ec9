//! The service's keys: one signs access tokens, some verify those that were or will be signed with others, and one seals
//! refresh tokens.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use contract::auth::{Jwk, Jwks};
use identity::{KeySource, PublicKey};
use thiserror::Error;

use super::{ed25519_pem, key_file};
use crate::AuthSettings;

const SIGNING_FILE: &str = "auth_signing_key.pem";
const REFRESH_FILE: &str = "auth_refresh_key";

/// The keys, in memory. Debug shows no secret one.
#[derive(Clone)]
pub struct Keys {
    signing_pkcs8: Vec<u8>,
    /// Those that verify access tokens. The first one is the signing key's.
    public: Vec<Public>,
    refresh: [u8; 32],
}

#[derive(Clone)]
struct Public {
    /// The key's thumbprint (RFC 7638).
    kid: String,
    bytes: [u8; 32],
}

/// Why there are no keys; it names the file and says what would do.
#[derive(Debug, Error)]
pub enum KeysError {
    /// A file could not be read or made.
    #[error("the key file {path} cannot be read or made: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file has something else than the key.
    #[error("the key file {path} is broken: {expected}. Restore it from a backup; a new key would sign everybody out")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
    /// No file is named, and there is no directory to make one in.
    #[error("{variable} is not set: all nodes of a fleet need the same key, so none may make its own")]
    NotGiven {
        /// The variable.
        variable: &'static str,
    },
}

impl Keys {
    /// Reads the files that the settings name, which must be there. For those that they do not name, it reads a file in
    /// `dir`, or makes it.
    pub fn load_or_create(dir: Option<&Path>, settings: &AuthSettings) -> Result<Self, KeysError> {
        let own = dir.map(|dir| dir.join(SIGNING_FILE));
        let signing = Source { variable: "AUTH_SIGNING_KEY_FILE", given: settings.signing_key_file.as_deref(), own };
        let (path, text) = signing.load(new_signing_key)?;
        let expected = "it must have an Ed25519 private key, PKCS#8 in PEM (openssl genpkey -algorithm ED25519)";
        let pkcs8 = ed25519_pem::private(&text).ok_or(KeysError::Broken { path, expected })?;
        let mut public = vec![Public::new(pkcs8.public)];
        for path in &settings.verification_key_files {
            let text = key_file::read(path).map_err(|cause| KeysError::File { path: path.clone(), cause })?;
            let expected = "it must have an Ed25519 key in PEM, private or public (openssl pkey -pubout)";
            let bytes = ed25519_pem::public(&text).ok_or(KeysError::Broken { path: path.clone(), expected })?;
            if public.iter().all(|known| known.bytes != bytes) {
                public.push(Public::new(bytes));
            }
        }

        let own = dir.map(|dir| dir.join(REFRESH_FILE));
        let refresh = Source { variable: "AUTH_REFRESH_KEY_FILE", given: settings.refresh_key_file.as_deref(), own };
        let (path, text) = refresh.load(new_refresh_key)?;
        let expected = "it must have 32 random bytes in base64 (openssl rand -base64 32)";
        let refresh = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        let refresh = refresh.ok_or(KeysError::Broken { path, expected })?;
        Ok(Self { signing_pkcs8: pkcs8.document, public, refresh })
    }

    /// The id of the signing key.
    pub fn kid(&self) -> &str {
        self.public.first().map_or("", |signing| &signing.kid)
    }

    /// What others need to verify access tokens.
    pub fn jwks(&self) -> Jwks {
        let jwk = |public: &Public| Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            usage: "sig".to_owned(),
            alg: "EdDSA".to_owned(),
            kid: public.kid.clone(),
            x: URL_SAFE_NO_PAD.encode(public.bytes),
        };
        Jwks { keys: self.public.iter().map(jwk).collect() }
    }

    pub(super) fn signing_pkcs8(&self) -> &[u8] {
        &self.signing_pkcs8
    }

    pub(super) fn refresh_key(&self) -> &[u8; 32] {
        &self.refresh
    }
}

impl KeySource for Keys {
    fn key(&self, kid: &str) -> Option<PublicKey> {
        self.public.iter().find(|public| public.kid == kid).map(|public| PublicKey::from_ed25519(&public.bytes))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("kid", &self.kid()).finish_non_exhaustive()
    }
}

/// Where a key comes from.
struct Source<'a> {
    variable: &'static str,
    /// The file that the settings name, which must be there.
    given: Option<&'a Path>,
    /// Or else a file that is made where it is missing.
    own: Option<PathBuf>,
}

impl Source<'_> {
    /// The file's path and text.
    fn load(self, new: fn() -> io::Result<String>) -> Result<(PathBuf, String), KeysError> {
        let (path, text) = match (self.given, self.own) {
            (Some(given), _) => (given.to_owned(), key_file::read(given)),
            (None, Some(own)) => {
                let text = key_file::read_or_create(&own, new);
                (own, text)
            }
            (None, None) => return Err(KeysError::NotGiven { variable: self.variable }),
        };
        match text {
            Ok(text) => Ok((path, text)),
            Err(cause) => Err(KeysError::File { path, cause }),
        }
    }
}

impl Public {
    fn new(bytes: [u8; 32]) -> Self {
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(bytes));
        Self { kid: URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes())), bytes }
    }
}

fn new_signing_key() -> io::Result<String> {
    let no_key = |_| io::Error::other("no key could be generated");
    let document = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).map_err(no_key)?;
    Ok(ed25519_pem::write(document.as_ref()))
}

fn new_refresh_key() -> io::Result<String> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::Error::other("there is no randomness"))?;
    Ok(format!("{}\n", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests;
