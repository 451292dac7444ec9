//! Why Redis did not do what it was asked.

use kernel::StoreError;
use redis::{ErrorKind, RedisError, ServerErrorKind};
use thiserror::Error;

/// What went wrong with one command. Whoever asked has something to fall back on.
#[derive(Debug, Error)]
pub enum RedisFault {
    /// Redis is known to be away. Nothing was sent.
    #[error("Redis is away")]
    Away,
    /// As many commands are on their way as may be. Nothing was sent.
    #[error("too many commands wait for Redis")]
    Overloaded,
    /// No answer came in time. What was asked for may have happened, or may happen yet.
    #[error("Redis did not answer in time")]
    TimedOut,
    /// The connection broke, or Redis refused. What was asked for may have happened.
    #[error("Redis failed: {0}")]
    Failed(#[from] RedisError),
}

impl RedisFault {
    /// The same, as a store says it.
    pub fn into_store_error(self) -> StoreError {
        match self {
            Self::Overloaded => StoreError::Overloaded,
            Self::Away => StoreError::Unavailable(self.into()),
            Self::TimedOut | Self::Failed(_) => StoreError::Unknown(self.into()),
        }
    }
}

/// What a failed command says about the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Nothing: the command itself was refused.
    Fine,
    /// Redis may be unable to serve: look before anything else is sent.
    Doubtful,
    /// It is of no use any more.
    Broken,
}

/// Judges an error that a command has met.
pub(super) fn judge(error: &RedisError) -> Verdict {
    match error.kind() {
        ErrorKind::Io | ErrorKind::AuthenticationFailed => Verdict::Broken,
        // A primary that has become a replica keeps the connections that it had.
        ErrorKind::Server(ServerErrorKind::ReadOnly) => Verdict::Broken,
        ErrorKind::Server(
            ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown,
        ) => Verdict::Doubtful,
        // OOM, MISCONF, NOREPLICAS, BUSY and NOAUTH: Redis is there and does not serve. The library has no names for them.
        ErrorKind::Extension if error.code() != Some("WRONGTYPE") => Verdict::Doubtful,
        // An answer of another type than was asked for is a parse error, too. One that is no answer at all ends the
        // library's task, and the next command finds the connection closed.
        _ => Verdict::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str) -> RedisError {
        redis::make_extension_error(code.to_owned(), None)
    }

    #[test]
    fn a_redis_that_is_there_and_does_not_serve_is_doubted_and_one_that_refuses_nonsense_is_not() {
        for code in ["OOM", "MISCONF", "NOAUTH"] {
            assert_eq!(judge(&said(code)), Verdict::Doubtful, "{code}");
        }
        assert_eq!(judge(&said("WRONGTYPE")), Verdict::Fine);
        assert_eq!(judge(&RedisError::from((ErrorKind::UnexpectedReturnType, "no number"))), Verdict::Fine);
        assert_eq!(judge(&RedisError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe))), Verdict::Broken);
    }
}
