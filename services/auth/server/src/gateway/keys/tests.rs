//! Keys that are made, given, broken, and in turn.

use super::*;
use std::fs;

#[test]
fn the_keys_are_made_once_for_nobody_elses_eyes_and_stay_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let first = Keys::load_or_create(Some(dir.path()), &AuthSettings::default()).unwrap();
    let second = Keys::load_or_create(Some(dir.path()), &AuthSettings::default()).unwrap();
    assert_eq!((first.kid(), first.refresh), (second.kid(), second.refresh));
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    #[cfg(unix)]
    for file in files {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    let other = Keys::load_or_create(Some(tempfile::tempdir().unwrap().path()), &AuthSettings::default()).unwrap();
    assert_ne!(other.kid(), first.kid());
}

#[test]
fn a_broken_file_is_named_and_not_replaced() {
    for file in [SIGNING_FILE, REFRESH_FILE] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(file), "nonsense").unwrap();
        let error = Keys::load_or_create(Some(dir.path()), &AuthSettings::default()).unwrap_err();
        assert!(matches!(error, KeysError::Broken { .. }) && error.to_string().contains(file), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join(file)).unwrap(), "nonsense");
    }
}

#[test]
fn a_file_that_was_configured_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let settings = AuthSettings { signing_key_file: Some(dir.path().join("mine.pem")), ..AuthSettings::default() };
    let error = Keys::load_or_create(Some(dir.path()), &settings).unwrap_err();
    assert!(error.to_string().contains("mine.pem"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made in its place");
}

#[test]
fn the_key_and_its_id_are_those_of_rfc_8037() {
    // The private key of appendix A.1, as OpenSSL writes it, and the public key and thumbprint of A.2 and A.3.
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let pem = ed25519_pem::write(&[&prefix[..], &seed].concat()).replace('\n', "\r\n");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rfc.pem");
    fs::write(&path, pem).unwrap();
    let settings = AuthSettings { signing_key_file: Some(path), ..AuthSettings::default() };
    let keys = Keys::load_or_create(Some(dir.path()), &settings).unwrap();
    assert_eq!(keys.jwks().keys[0].x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(keys.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert!(keys.key(keys.kid()).is_some() && keys.key("other").is_none());
}

#[test]
fn keys_are_not_shown_by_debug() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::load_or_create(Some(dir.path()), &AuthSettings::default()).unwrap();
    let shown = format!("{keys:?}");
    assert_eq!(shown, format!("Keys {{ kid: {:?}, .. }}", keys.kid()));
}

#[test]
fn without_a_directory_every_key_must_be_given() {
    let error = Keys::load_or_create(None, &AuthSettings::default()).unwrap_err().to_string();
    assert!(error.contains("AUTH_SIGNING_KEY_FILE"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key.pem");
    fs::write(&file, new_signing_key().unwrap()).unwrap();
    let settings = AuthSettings { signing_key_file: Some(file), ..AuthSettings::default() };
    let error = Keys::load_or_create(None, &settings).unwrap_err().to_string();
    assert!(error.contains("AUTH_REFRESH_KEY_FILE"), "{error}");
}

#[test]
fn keys_before_and_after_the_signing_one_are_shown_and_taken() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let next = new_signing_key().unwrap();
    // Made by `openssl genpkey -algorithm ED25519 | openssl pkey -pubout`.
    let openssl = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
    let settings = AuthSettings {
        signing_key_file: Some(file("now.pem", &new_signing_key().unwrap())),
        verification_key_files: vec![file("next.pem", &next), file("before.pem", openssl), dir.path().join("now.pem")],
        ..AuthSettings::default()
    };
    let keys = Keys::load_or_create(Some(dir.path()), &settings).unwrap();
    let shown: Vec<_> = keys.jwks().keys.into_iter().map(|key| key.kid).collect();
    let next = Public::new(ed25519_pem::public(&next).unwrap()).kid;
    assert_eq!(shown, [keys.kid(), &next, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]);
    assert!(shown.iter().all(|kid| keys.key(kid).is_some()));

    let broken =
        AuthSettings { verification_key_files: vec![file("broken.pem", "nonsense")], ..AuthSettings::default() };
    let error = Keys::load_or_create(Some(dir.path()), &broken).unwrap_err().to_string();
    assert!(error.contains("broken.pem"), "{error}");
}
