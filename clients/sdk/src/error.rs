//! What may go wrong, as a client must tell it apart: refused, not reached, over.

use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

/// The longest hint of the protocol; a longer one is not believed.
const LONGEST_HINT: Duration = Duration::from_secs(30);

/// A problem (RFC 9457) as a client reads it: with codes and fields that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Error)]
#[error("{}", self.sentence())]
pub struct Refusal {
    /// The kind of problem, for a program to decide by, such as `not-a-member`.
    #[serde(default)]
    pub code: String,
    /// The HTTP status, also inside frames.
    #[serde(default)]
    pub status: u16,
    /// The kind of problem in a few words.
    #[serde(default)]
    pub title: String,
    /// What is wrong with this request, for a person.
    #[serde(default)]
    pub detail: String,
    /// Finds the request in the server's log.
    #[serde(default)]
    pub request_id: Option<String>,
    /// When to try again, in milliseconds.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    /// `false` when a write may have happened.
    #[serde(default)]
    pub definite: Option<bool>,
    /// The first `seq` that is still kept, with `history-trimmed`.
    #[serde(default)]
    pub first_seq: Option<u64>,
}

impl Refusal {
    /// For an answer that has a status and no problem in it, as a proxy gives.
    pub(crate) fn bare(status: u16) -> Self {
        let title = format!("The server answered {status}");
        Self {
            code: String::new(),
            status,
            title,
            detail: String::new(),
            request_id: None,
            retry_after_ms: None,
            definite: None,
            first_seq: None,
        }
    }

    fn sentence(&self) -> &str {
        if self.detail.is_empty() { &self.title } else { &self.detail }
    }

    /// When the server wants to be asked again; at most 30 s.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ms.map(|millis| Duration::from_millis(millis).min(LONGEST_HINT))
    }

    /// Whether the same request may do better later: the server is busy, away or asked too often.
    pub fn is_passing(&self) -> bool {
        matches!(self.status, 429 | 500 | 502 | 503 | 504)
    }

    /// Whether another access token may do better: the time of this one is over, or its key is no more.
    pub(crate) fn wants_a_fresh_token(&self) -> bool {
        matches!(self.code.as_str(), "token-expired" | "token-invalid")
    }

    /// Whether it is said to the whole session: nothing that it asks for will be done any more.
    pub(crate) fn ends_the_session(&self) -> bool {
        matches!(self.code.as_str(), "session-revoked" | "account-disabled")
    }
}

/// Why something could not be done.
#[derive(Debug, Error)]
pub enum Error {
    /// The server said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The server was not reached, or its answer was lost: whether it was done is unknown.
    #[error("{0}")]
    Unreachable(String),
    /// The session is over: somebody has to sign in again.
    #[error("the session has ended: {0}")]
    SessionEnded(String),
    /// What came back is not what the protocol says.
    #[error("the server said something that is not of this protocol: {0}")]
    Protocol(String),
    /// The file with the session cannot be used.
    #[error("the file {path} cannot be used: {cause}")]
    File {
        /// Which.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// What was to be sent cannot be sent; nothing was done.
    #[error("{0}")]
    Invalid(String),
    /// Too much is waiting to be sent; nothing was done.
    #[error("too many messages are waiting to be sent")]
    Full,
    /// The connection was closed by its owner.
    #[error("the connection is closed")]
    Closed,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl Error {
    /// The server's refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The same, as whoever asked for a whole session must take it.
    pub(crate) fn of_session(self) -> Self {
        match self {
            Self::Refused(refusal) if refusal.ends_the_session() => Self::SessionEnded(refusal.to_string()),
            other => other,
        }
    }

    /// The code of the server's refusal; empty for everything else.
    pub fn code(&self) -> &str {
        self.refusal().map_or("", |refusal| &refusal.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_knows_is_a_refusal_like_any_other() {
        let refusal: Refusal =
            serde_json::from_str(r#"{"code": "moon-is-full", "status": 409, "title": "No", "x": 1}"#).unwrap();
        assert_eq!((refusal.code.as_str(), refusal.to_string().as_str()), ("moon-is-full", "No"));
        assert!(!refusal.is_passing());
    }

    #[test]
    fn a_hint_is_believed_up_to_thirty_seconds() {
        let refusal = Refusal { retry_after_ms: Some(86_400_000), ..Refusal::bare(503) };
        assert_eq!(refusal.retry_after(), Some(Duration::from_secs(30)));
        assert!(refusal.is_passing());
    }

    #[test]
    fn a_dead_session_is_not_a_refusal_like_any_other() {
        let revoked = Refusal { code: "session-revoked".to_owned(), ..Refusal::bare(401) };
        assert!(matches!(Error::from(revoked).of_session(), Error::SessionEnded(_)));
        let busy = Error::from(Refusal::bare(503)).of_session();
        assert!(matches!(busy, Error::Refused(_)));
    }
}
