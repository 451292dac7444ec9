//! A session that outlives a program, in a file that several programs may use at once.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use contract::auth::Secret;
use kernel::{SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::Error;

/// A refresh takes a few calls at most; whoever has locked the file for longer is stopped, or hangs.
const LOCKED_WITHIN: Duration = Duration::from_secs(75);
/// A lock is waited for by looking, because the system's own way of waiting has no end.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// What is kept of a session. Whoever can read it is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSession {
    /// The server that it is a session of.
    pub server: String,
    /// Whose it is.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// The session.
    pub session_id: SessionId,
    /// The latest access token.
    pub access_token: Secret,
    /// When the access token ends, by this machine's clock.
    pub access_ends_at: Timestamp,
    /// The latest refresh token. Each one is for one use, so this file is the truth and not what a program remembers.
    pub refresh_token: Secret,
}

/// A file with one session.
///
/// A refresh token is for one use, and using one again much later ends the session. So whoever refreshes holds the file's
/// lock, reads the latest token from it and writes the next one before letting go: programs that share the file share the
/// session without ever ending it. The file is readable by its owner only, and is replaced as a whole.
#[derive(Clone, Debug)]
pub struct SessionFile {
    path: PathBuf,
}

/// The right to change the file, until it is dropped.
pub(crate) struct Locked {
    path: PathBuf,
    _lock: File,
}

impl SessionFile {
    /// The file at this path, which need not be there. Beside it there will be a file with the further ending `.lock`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it; `None` when there is no file.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub fn read(&self) -> Result<Option<SavedSession>, Error> {
        read(&self.path).map_err(|cause| self.error(cause))
    }

    /// Removes the file, if it still holds this session.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn forget(&self, session: SessionId) -> Result<(), Error> {
        let locked = self.lock().await?;
        let is_this = locked.read()?.is_some_and(|saved| saved.session_id == session);
        if is_this { fs::remove_file(&self.path).map_err(|cause| self.error(cause)) } else { Ok(()) }
    }

    /// Waits until nobody else changes the file.
    pub(crate) async fn lock(&self) -> Result<Locked, Error> {
        let path = self.path.clone();
        // Somebody else may hold it for as long as a refresh takes.
        let locked = tokio::task::spawn_blocking(move || lock(&path)).await;
        let locked = locked.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        locked.map_err(|cause| self.error(cause))
    }

    fn error(&self, cause: io::Error) -> Error {
        Error::File { path: self.path.display().to_string(), cause }
    }
}

impl Locked {
    pub(crate) fn read(&self) -> Result<Option<SavedSession>, Error> {
        SessionFile::new(&self.path).read()
    }

    /// Makes what will replace the file: whoever is about to ask for what can be had only once finds out before whether it
    /// can be kept.
    pub(crate) fn draft(&self) -> Result<Draft<'_>, Error> {
        // Made with mode 0600.
        let file =
            NamedTempFile::new_in(self.directory()).map_err(|cause| SessionFile::new(&self.path).error(cause))?;
        Ok(Draft { locked: self, file })
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}

/// What will replace the file. It is gone again if it is not written.
pub(crate) struct Draft<'a> {
    locked: &'a Locked,
    file: NamedTempFile,
}

impl Draft<'_> {
    /// Replaces what is in the file, so that it has the old or the new content whatever happens meanwhile.
    pub(crate) fn write(self, session: &SavedSession) -> Result<(), Error> {
        let Self { locked, mut file } = self;
        let written = || {
            serde_json::to_writer_pretty(&mut file, session)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&locked.path).map_err(|error| error.error)?;
            // That it has another content now is kept by the directory.
            File::open(locked.directory())?.sync_all()
        };
        written().map_err(|cause| SessionFile::new(&locked.path).error(cause))
    }
}

fn read(path: &Path) -> io::Result<Option<SavedSession>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn lock(path: &Path) -> io::Result<Locked> {
    if let Some(directory) = path.parent() {
        make_private(directory)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(PathBuf::from(beside))?;
    let give_up_at = Instant::now() + LOCKED_WITHIN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Locked { path: path.to_owned(), _lock: file }),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up_at => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another program has locked it for too long"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK_AGAIN_AFTER),
        }
    }
}

/// Makes a directory that only its owner can look into; one that is there stays as it is.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(refresh_token: &str) -> SavedSession {
        SavedSession {
            server: "http://localhost:8080".to_owned(),
            user_id: UserId::new(),
            username: "ada".to_owned(),
            session_id: SessionId::new(),
            access_token: Secret::new("access".to_owned()),
            access_ends_at: Timestamp::from_millis(1),
            refresh_token: Secret::new(refresh_token.to_owned()),
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read_by_others_and_only_the_owner_may() {
        let directory = tempfile::tempdir().unwrap();
        let file = SessionFile::new(directory.path().join("deep/er/session.json"));
        assert_eq!(file.read().unwrap(), None);
        let session = saved("one");
        file.lock().await.unwrap().draft().unwrap().write(&session).unwrap();
        assert_eq!(SessionFile::new(file.path()).read().unwrap(), Some(session));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(file.path()), 0o600);
            assert_eq!(mode(file.path().parent().unwrap()), 0o700);
        }
    }

    #[tokio::test]
    async fn a_session_is_forgotten_only_while_it_is_the_one_in_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = SessionFile::new(directory.path().join("session.json"));
        let session = saved("one");
        file.lock().await.unwrap().draft().unwrap().write(&session).unwrap();
        file.forget(SessionId::new()).await.unwrap();
        assert!(file.read().unwrap().is_some());
        file.forget(session.session_id).await.unwrap();
        assert_eq!(file.read().unwrap(), None);
        file.forget(session.session_id).await.unwrap();
    }

    #[tokio::test]
    async fn only_one_changes_the_file_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let file = SessionFile::new(directory.path().join("session.json"));
        let locked = file.lock().await.unwrap();
        let mut other = Box::pin(file.lock());
        assert!(futures_util::poll!(&mut other).is_pending());
        locked.draft().unwrap().write(&saved("one")).unwrap();
        drop(locked);
        let seen = other.await.unwrap().read().unwrap().unwrap();
        assert_eq!(seen.refresh_token.expose(), "one");
    }

    #[test]
    fn a_file_with_something_else_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session.json");
        fs::write(&path, "hello").unwrap();
        let error = SessionFile::new(&path).read().unwrap_err().to_string();
        assert!(error.contains("session.json"), "{error}");
    }
}
