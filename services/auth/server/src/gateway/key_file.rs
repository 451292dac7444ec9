//! A secret in a file: read, or made once, whole or not at all, for nobody's eyes but the owner's.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Longer files are no keys.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads a secret text.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let found = fs::metadata(path)?;
    if found.len() > MAX_BYTES {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is too long for a key"));
    }
    warn_if_others_can_read(path, &found);
    fs::read_to_string(path)
}

/// Reads the file, or makes it from `text` where it is missing. When another process makes it first, the other's wins.
pub(super) fn read_or_create(path: &Path, text: impl FnOnce() -> io::Result<String>) -> io::Result<String> {
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        done => return done,
    }
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    // Such a file has mode 0600 from its first moment, and appears under its name when it is complete.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text()?.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => tracing::info!(path = %path.display(), "made a new key"),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.error),
    }
    File::open(dir)?.sync_all()?;
    read(path)
}

#[cfg(unix)]
fn warn_if_others_can_read(path: &Path, found: &fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    if found.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "other users may read this key; give it mode 0600");
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_: &Path, _: &fs::Metadata) {}
