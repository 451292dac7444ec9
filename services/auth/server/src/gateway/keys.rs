//! The service's two keys: one signs access tokens, the other seals refresh tokens.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use contract::auth::{Jwk, Jwks};
use identity::{KeySource, PublicKey};
use thiserror::Error;

use super::key_file;
use crate::AuthSettings;

const SIGNING_FILE: &str = "auth_signing_key.pem";
const REFRESH_FILE: &str = "auth_refresh_key";
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// Both keys, in memory. Debug shows neither.
#[derive(Clone)]
pub struct Keys {
    signing_pkcs8: Vec<u8>,
    public: [u8; 32],
    kid: String,
    refresh: [u8; 32],
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
}

impl Keys {
    /// Reads the files that the settings name, which must be there. For those that they do not name, it reads a file in
    /// `dir`, or makes it.
    pub fn load_or_create(dir: &Path, settings: &AuthSettings) -> Result<Self, KeysError> {
        let (path, text) = load(settings.signing_key_file.as_deref(), &dir.join(SIGNING_FILE), new_signing_key)?;
        let expected = "it must have an Ed25519 private key, PKCS#8 in PEM (openssl genpkey -algorithm ED25519)";
        let pkcs8 = from_pem(&text).ok_or_else(|| KeysError::Broken { path: path.clone(), expected })?;
        let pair =
            Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| KeysError::Broken { path: path.clone(), expected })?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeysError::Broken { path, expected })?;

        let (path, text) = load(settings.refresh_key_file.as_deref(), &dir.join(REFRESH_FILE), new_refresh_key)?;
        let expected = "it must have 32 random bytes in base64 (openssl rand -base64 32)";
        let refresh = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        let refresh = refresh.ok_or(KeysError::Broken { path, expected })?;
        Ok(Self { signing_pkcs8: pkcs8, public, kid: thumbprint(&public), refresh })
    }

    /// The id of the signing key: its thumbprint (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What others need to verify access tokens.
    pub fn jwks(&self) -> Jwks {
        let key = Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            usage: "sig".to_owned(),
            alg: "EdDSA".to_owned(),
            kid: self.kid.clone(),
            x: URL_SAFE_NO_PAD.encode(self.public),
        };
        Jwks { keys: vec![key] }
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
        (kid == self.kid).then(|| PublicKey::from_ed25519(&self.public))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A file's path and text: `given` must be there, `own` is made where it is missing.
fn load(given: Option<&Path>, own: &Path, new: fn() -> io::Result<String>) -> Result<(PathBuf, String), KeysError> {
    let path = given.unwrap_or(own).to_owned();
    let text = if given.is_some() { key_file::read(&path) } else { key_file::read_or_create(&path, new) };
    match text {
        Ok(text) => Ok((path, text)),
        Err(cause) => Err(KeysError::File { path, cause }),
    }
}

fn new_signing_key() -> io::Result<String> {
    let no_key = |_| io::Error::other("no key could be generated");
    let document = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).map_err(no_key)?;
    Ok(format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(document.as_ref())))
}

fn new_refresh_key() -> io::Result<String> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::Error::other("there is no randomness"))?;
    Ok(format!("{}\n", STANDARD.encode(bytes)))
}

fn from_pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(PEM_BEGIN)?;
    let (body, _) = rest.split_once(PEM_END)?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}

fn thumbprint(public: &[u8; 32]) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(public));
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_keys_are_made_once_for_nobody_elses_eyes_and_stay_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let first = Keys::load_or_create(dir.path(), &AuthSettings::default()).unwrap();
        let second = Keys::load_or_create(dir.path(), &AuthSettings::default()).unwrap();
        assert_eq!((first.kid(), first.refresh), (second.kid(), second.refresh));
        let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap()).collect();
        assert_eq!(files.len(), 2, "{files:?}");
        #[cfg(unix)]
        for file in files {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
        let other = Keys::load_or_create(tempfile::tempdir().unwrap().path(), &AuthSettings::default()).unwrap();
        assert_ne!(other.kid(), first.kid());
    }

    #[test]
    fn a_broken_file_is_named_and_not_replaced() {
        for file in [SIGNING_FILE, REFRESH_FILE] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(file), "nonsense").unwrap();
            let error = Keys::load_or_create(dir.path(), &AuthSettings::default()).unwrap_err();
            assert!(matches!(error, KeysError::Broken { .. }) && error.to_string().contains(file), "{error}");
            assert_eq!(fs::read_to_string(dir.path().join(file)).unwrap(), "nonsense");
        }
    }

    #[test]
    fn a_file_that_was_configured_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let settings = AuthSettings { signing_key_file: Some(dir.path().join("mine.pem")), ..AuthSettings::default() };
        let error = Keys::load_or_create(dir.path(), &settings).unwrap_err();
        assert!(error.to_string().contains("mine.pem"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made in its place");
    }

    #[test]
    fn the_key_and_its_id_are_those_of_rfc_8037() {
        // The private key of appendix A.1, as OpenSSL writes it, and the public key and thumbprint of A.2 and A.3.
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let pem = format!("{PEM_BEGIN}\r\n{}\r\n{PEM_END}\r\n", STANDARD.encode([&prefix[..], &seed].concat()));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rfc.pem");
        fs::write(&path, pem).unwrap();
        let settings = AuthSettings { signing_key_file: Some(path), ..AuthSettings::default() };
        let keys = Keys::load_or_create(dir.path(), &settings).unwrap();
        assert_eq!(keys.jwks().keys[0].x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(keys.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert!(keys.key(keys.kid()).is_some() && keys.key("other").is_none());
    }

    #[test]
    fn keys_are_not_shown_by_debug() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(dir.path(), &AuthSettings::default()).unwrap();
        let shown = format!("{keys:?}");
        assert_eq!(shown, format!("Keys {{ kid: {:?}, .. }}", keys.kid()));
    }
}
