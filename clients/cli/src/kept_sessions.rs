//! Where the sessions of a server's users are kept: one file for each, in the place that the system has for such things.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use etcetera::BaseStrategy;
use natter_client::{Address, SavedSession, SessionFile};

use crate::failure::{ExitStatus, Failure};

/// The file with the name of the file of whoever signed in last.
const LAST: &str = "last";

/// The folder with one server's sessions.
#[derive(Clone, Debug)]
pub(crate) struct KeptSessions {
    folder: PathBuf,
}

impl KeptSessions {
    /// Those of this server: in `$XDG_STATE_HOME/natter/sessions`, or what the system has instead.
    ///
    /// # Errors
    /// When there is no home directory.
    pub(crate) fn of(server: &Address) -> Result<Self, Failure> {
        let strategy = etcetera::choose_base_strategy().map_err(|error| {
            Failure::new(ExitStatus::Failed, format!("There is no place to keep a session: {error}. Set HOME."))
        })?;
        let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
        Ok(Self { folder: state.join("natter").join("sessions").join(file_name(&server.to_string())) })
    }

    /// The file for this user's session, whether it is there or not. Names are one without regard to case.
    pub(crate) fn file(&self, username: &str) -> SessionFile {
        SessionFile::new(self.folder.join(format!("{}.json", file_name(&username.to_lowercase()))))
    }

    /// Remembers that this is the session of whoever signed in last.
    pub(crate) fn remember(&self, file: &SessionFile) {
        if let Some(name) = file.path().file_name() {
            // Nobody's sign-in fails for this: then the most recent session is taken for the last.
            let _ = fs::write(self.folder.join(LAST), name.as_encoded_bytes());
        }
    }

    /// The session of this user, by name; or, without a name, that of whoever signed in last and still has one.
    pub(crate) fn find(&self, username: Option<&str>) -> Option<(SessionFile, SavedSession)> {
        let file = match username {
            Some(username) => self.file(username),
            None => SessionFile::new(self.last().or_else(|| self.latest())?),
        };
        // One that cannot be read is as good as none: signing in replaces it.
        let saved = file.read().ok().flatten()?;
        Some((file, saved))
    }

    fn last(&self) -> Option<PathBuf> {
        let name = fs::read_to_string(self.folder.join(LAST)).ok()?;
        // Only a name: whatever is in the file, it leads to no other folder.
        let path = self.folder.join(Path::new(&name).file_name()?);
        (path.extension().is_some_and(|extension| extension == "json") && path.exists()).then_some(path)
    }

    /// The one that was written last. Each refresh writes one, so that a program in the background may be whose it is.
    fn latest(&self) -> Option<PathBuf> {
        let files = fs::read_dir(&self.folder).ok()?.flatten().map(|entry| entry.path());
        let sessions = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        sessions
            .max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH))
    }
}

/// A name that every file system takes: what is no letter, digit, `-`, `_` or `.` is written as `%` and its number.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && !name.is_empty()) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_harmless_and_different_for_different_names() {
        assert_eq!(file_name("ada.b-c_1"), "ada.b-c_1");
        assert_eq!(file_name("../etc"), "%2e.%2fetc");
        assert_eq!(file_name("http://localhost:8080"), "http%3a%2f%2flocalhost%3a8080");
        assert_ne!(file_name("a/b"), file_name("a%2fb"));
    }

    #[test]
    fn without_a_name_there_is_none_before_somebody_has_signed_in() {
        let home = tempfile::tempdir().unwrap();
        let kept = KeptSessions { folder: home.path().join("none") };
        assert!(kept.find(None).is_none() && kept.find(Some("ada")).is_none());
        assert_eq!(kept.file("Ada").path(), kept.file("aDA").path());
    }
}
