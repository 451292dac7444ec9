//! How the program says that it could not do something: a sentence and an exit code.

use std::fmt;
use std::io;

use natter_client::Error;
use tokio::time::{Instant, timeout_at};

/// What a script can decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// It worked.
    Success = 0,
    /// It failed.
    Failed = 1,
    /// It was called in a wrong way.
    Usage = 2,
    /// Nobody has signed in, or the server refused it.
    NotSignedIn = 3,
    /// The server cannot be reached.
    Unreachable = 4,
}

/// Why it ends without having done what it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the program exits with.
    pub(crate) status: ExitStatus,
    /// What to say; nothing when all has been said, or when nobody listens any more.
    pub(crate) message: String,
}

impl Failure {
    /// A failure of this kind.
    pub(crate) fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Waits for something up to a time.
///
/// # Errors
/// Those of what is awaited, and [`ExitStatus::Unreachable`] when the time has come.
pub(crate) async fn by<T>(deadline: Instant, awaited: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let too_late = || Failure::new(ExitStatus::Unreachable, "The server has not done it in time; see --timeout.");
    timeout_at(deadline, awaited).await.unwrap_or_else(|_| Err(too_late()))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Unreachable(_) => ExitStatus::Unreachable,
            Error::SessionEnded(_) => ExitStatus::NotSignedIn,
            Error::Refused(refusal) if matches!(refusal.code.as_str(), "invalid-credentials" | "account-disabled") => {
                ExitStatus::NotSignedIn
            }
            Error::Refused(refusal) if refusal.status == 503 => ExitStatus::Unreachable,
            Error::Invalid(_) => ExitStatus::Usage,
            Error::Refused(_) | Error::Protocol(_) | Error::File { .. } | Error::Full | Error::Closed => {
                ExitStatus::Failed
            }
        };
        Self::new(status, error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// A reader that has gone away, as `head` does, is no reason to complain.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(ExitStatus::Success, "");
        }
        Self::new(ExitStatus::Failed, error.to_string())
    }
}
