//! Why a connection has ended, and what is to be done about it: the protocol's section 9.

use std::time::Duration;

use contract::frames::{Goodbye, close};

use super::Ended;
use crate::{Error, Refusal};

/// How a connection has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// Connect again.
    Retry {
        why: String,
        /// When, if the server has said so.
        hint: Option<Duration>,
        /// Whether the access token is the reason, and another one may be taken at once.
        is_token: bool,
    },
    /// Never again.
    End(Ended),
}

impl Parting {
    pub(super) fn lost(why: impl Into<String>) -> Self {
        Self::Retry { why: why.into(), hint: None, is_token: false }
    }

    /// By a close code, or without one.
    pub(super) fn by_code(code: Option<u16>, reason: &str, goodbye: Option<&Goodbye>) -> Self {
        let hint = goodbye.and_then(|goodbye| goodbye.retry_after_ms).map(Duration::from_millis);
        let said = if reason.is_empty() { goodbye.map_or("", |goodbye| &goodbye.reason) } else { reason };
        let why = match (code, said) {
            (_, said) if !said.is_empty() => said.to_owned(),
            (Some(code), _) => format!("the server closed the connection with code {code}"),
            (None, _) => "the connection was lost".to_owned(),
        };
        match code.or(goodbye.map(|goodbye| goodbye.code)) {
            Some(close::BAD_CREDENTIALS | close::SESSION_REVOKED | close::ACCOUNT_DISABLED) => {
                Self::End(Ended::SessionEnded(why))
            }
            Some(4500..=4999) => Self::End(Ended::Refused(why)),
            Some(close::TOKEN_EXPIRED) => Self::Retry { why, hint, is_token: true },
            _ => Self::Retry { why, hint, is_token: false },
        }
    }

    /// By an error of a call or of the handshake.
    pub(super) fn by_error(error: &Error) -> Self {
        let why = error.to_string();
        match error {
            Error::SessionEnded(why) => Self::End(Ended::SessionEnded(why.clone())),
            Error::Refused(refusal) => Self::by_refusal(refusal),
            Error::Invalid(_) => Self::End(Ended::Refused(why)),
            Error::Unreachable(_) | Error::Protocol(_) | Error::File { .. } | Error::Full | Error::Closed => {
                Self::lost(why)
            }
        }
    }

    pub(super) fn by_refusal(refusal: &Refusal) -> Self {
        let why = refusal.to_string();
        if refusal.ends_the_session() {
            return Self::End(Ended::SessionEnded(why));
        }
        // The body of a handshake's refusal may be lost, and with it which 401 it was. Refreshing finds out.
        let is_bare_401 = refusal.status == 401 && refusal.code.is_empty();
        if refusal.wants_a_fresh_token() || is_bare_401 {
            return Self::Retry { why, hint: None, is_token: true };
        }
        // What has no problem in it comes from something between us and the server, and may pass.
        let is_final = !refusal.code.is_empty() && !refusal.is_passing();
        if is_final {
            Self::End(Ended::Refused(why))
        } else {
            Self::Retry { why, hint: refusal.retry_after(), is_token: false }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goodbye(code: u16, retry_after_ms: Option<u64>) -> Goodbye {
        Goodbye { code, reason: "so it is".to_owned(), resumable: true, retry_after_ms }
    }

    #[test]
    fn the_range_of_a_code_says_whether_to_come_back_even_for_codes_that_nobody_knows() {
        for code in [4400, 4408, 4410, 4413, 4429, 4499, 1001, 1006, 1009, 1011] {
            assert!(matches!(Parting::by_code(Some(code), "", None), Parting::Retry { is_token: false, .. }), "{code}");
        }
        for code in [4500, 4501, 4502] {
            assert!(matches!(Parting::by_code(Some(code), "", None), Parting::End(Ended::SessionEnded(_))), "{code}");
        }
        for code in [4503, 4504, 4505, 4777] {
            assert!(matches!(Parting::by_code(Some(code), "", None), Parting::End(Ended::Refused(_))), "{code}");
        }
        assert!(matches!(Parting::by_code(Some(4401), "", None), Parting::Retry { is_token: true, .. }));
    }

    #[test]
    fn a_goodbye_tells_the_reason_and_the_time_also_when_the_close_frame_was_lost() {
        let parting = Parting::by_code(None, "", Some(&goodbye(4400, Some(3_120))));
        let hint = Some(Duration::from_millis(3_120));
        assert_eq!(parting, Parting::Retry { why: "so it is".to_owned(), hint, is_token: false });
        assert!(matches!(Parting::by_code(None, "", Some(&goodbye(4501, None))), Parting::End(_)));
    }

    #[test]
    fn a_proxys_refusal_may_pass_and_the_servers_own_is_final() {
        let proxy = Parting::by_refusal(&Refusal::bare(404));
        assert!(matches!(proxy, Parting::Retry { .. }));
        let unknown = Parting::by_refusal(&Refusal::bare(401));
        assert!(matches!(unknown, Parting::Retry { is_token: true, .. }), "which 401 it was was lost");
        let forbidden = Refusal { code: "bad-origin".to_owned(), ..Refusal::bare(403) };
        assert!(matches!(Parting::by_refusal(&forbidden), Parting::End(_)));
    }
}
