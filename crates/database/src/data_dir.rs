//! The directory of the embedded store, held by one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

const LOCK_FILE: &str = "natter.lock";

/// A data directory that this process holds until the value is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory cannot be used; each says what to do.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// It could not be made or written.
    #[error(
        "cannot write the data directory {path}: {cause}. Give this user write access, or set DATA_DIR to another directory"
    )]
    NotWritable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another process holds it.
    #[error(
        "the data directory {path} is in use by another natter process{}. Stop that one first, or set DATA_DIR to another directory; \
         several nodes cannot share an embedded store",
        .pid.as_ref().map(|pid| format!(" (process id {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The holder's process id, where it could be read.
        pid: Option<String>,
    },
}

impl DataDir {
    /// Makes the directory where it is missing and takes its lock.
    pub fn hold(path: &Path) -> Result<Self, DataDirError> {
        let not_writable = |cause| DataDirError::NotWritable { path: path.to_owned(), cause };
        make_private(path).map_err(not_writable)?;
        let path = path.canonicalize().map_err(not_writable)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK_FILE))
            .map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = lock.read_to_string(&mut pid);
                let pid = read.is_ok().then(|| pid.trim().to_owned()).filter(|pid| !pid.is_empty());
                return Err(DataDirError::InUse { path, pid });
            }
            Err(TryLockError::Error(cause)) => return Err(not_writable(cause)),
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(not_writable)?;
        Ok(Self { path, _lock: lock })
    }

    /// The path of a file in the directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Messages and keys live here: nobody but the owner may look.
fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_holder_and_the_second_is_told_who_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data");
        let held = DataDir::hold(&path).unwrap();
        let error = DataDir::hold(&path).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        assert!(error.contains("DATA_DIR"), "{error}");
        drop(held);
        DataDir::hold(&path).unwrap();
    }

    #[test]
    fn a_path_that_cannot_be_a_directory_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataDir::hold(&file.path().join("data")).unwrap_err();
        assert!(matches!(error, DataDirError::NotWritable { .. }), "{error}");
        assert!(error.to_string().contains(&*file.path().to_string_lossy()), "{error}");
    }
}
