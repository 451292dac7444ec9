//! Errors as everybody sees them: RFC 9457, over HTTP and inside frames.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! slugs {
    ($($(#[$doc:meta])* $name:ident, $slug:literal, $status:literal, $title:literal;)*) => {
        /// What went wrong, for a program to decide by.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
        pub enum Slug {
            $($(#[$doc])* #[serde(rename = $slug)] $name,)*
        }

        impl Slug {
            /// All of them, in the order of their status.
            pub const ALL: &'static [Slug] = &[$(Slug::$name),*];

            /// The text form: the `code` of a problem and the name of its page.
            pub const fn as_str(self) -> &'static str {
                match self { $(Slug::$name => $slug,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Slug::$name => $status,)* }
            }

            /// A short sentence that is the same every time.
            pub const fn title(self) -> &'static str {
                match self { $(Slug::$name => $title,)* }
            }

            /// The page that explains it, in Markdown, from `docs/problems/`.
            pub const fn page(self) -> &'static str {
                match self {
                    $(Slug::$name => include_str!(concat!("../../../docs/problems/", $slug, ".md")),)*
                }
            }
        }
    };
}

slugs! {
    /// The request cannot be read as one.
    InvalidRequest, "invalid-request", 400, "The request is not valid";
    /// Unknown account or wrong password; which of the two is not said.
    InvalidCredentials, "invalid-credentials", 401, "The login or the password is wrong";
    /// The access token was good and has ended.
    TokenExpired, "token-expired", 401, "The access token has expired";
    /// The token is missing or none of ours.
    TokenInvalid, "token-invalid", 401, "The token is not valid";
    /// The session has ended.
    SessionRevoked, "session-revoked", 401, "The session has ended";
    /// The caller may not do this.
    Forbidden, "forbidden", 403, "This is not allowed";
    /// The caller is not in that room.
    NotAMember, "not-a-member", 403, "Only members of the room may do this";
    /// The page that asks is not one that may.
    BadOrigin, "bad-origin", 403, "The request comes from a page that may not make it";
    /// The account has been disabled.
    AccountDisabled, "account-disabled", 403, "The account is disabled";
    /// There is no such thing, or none that the caller may know of.
    NotFound, "not-found", 404, "There is no such thing here";
    /// The path exists, and not with this method.
    MethodNotAllowed, "method-not-allowed", 405, "The method is not one that this path knows";
    /// Somebody has that user name.
    UsernameTaken, "username-taken", 409, "The user name is taken";
    /// Somebody has that e-mail address.
    EmailTaken, "email-taken", 409, "The e-mail address is taken";
    /// A public room has that name.
    RoomNameTaken, "room-name-taken", 409, "The room name is taken";
    /// It does not go with what is there.
    Conflict, "conflict", 409, "The request conflicts with the current state";
    /// The id was used for another message.
    ClientMsgIdConflict, "client-msg-id-conflict", 409, "The client_msg_id was used for another message";
    /// Retention has removed what was asked for.
    HistoryTrimmed, "history-trimmed", 410, "That part of the history has been removed";
    /// Too many bytes.
    PayloadTooLarge, "payload-too-large", 413, "The body is too large";
    /// The body is not of a type that is taken here.
    UnsupportedMediaType, "unsupported-media-type", 415, "The content type is not supported";
    /// Some fields are wrong; `errors` names each.
    ValidationFailed, "validation-failed", 422, "Some fields are not valid";
    /// Too often.
    RateLimited, "rate-limited", 429, "Too many requests";
    /// Our fault.
    Internal, "internal", 500, "Something went wrong on the server";
    /// The store is away.
    StorageUnavailable, "storage-unavailable", 503, "The store is unavailable";
    /// The token could not be checked.
    AuthUnavailable, "auth-unavailable", 503, "Tokens cannot be checked at the moment";
    /// More work waits than can be done; nothing was done.
    Overloaded, "overloaded", 503, "The server is overloaded";
    /// The server is about to stop; nothing was done.
    Draining, "draining", 503, "The server is shutting down";
}

/// An error, as `application/problem+json` or as the `error` of a reply frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the page about it is: `/problems/<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of error in a few words.
    pub title: String,
    /// The HTTP status, also inside frames.
    pub status: u16,
    /// What is wrong with this request, for a person.
    pub detail: String,
    /// The kind of error, for a program.
    pub code: Slug,
    /// Finds the request in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The fields that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// When to try again, in milliseconds, at most 30,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// `false` when a write may have happened: repeat it with the same id to settle it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definite: Option<bool>,
    /// The first `seq` that is still kept, with `history-trimmed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where it is, as a JSON pointer (RFC 6901); empty for the whole body.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// A field of the body's top level.
    pub fn new(field: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("/{field}"), detail: detail.into() }
    }
}

/// The longest hint of when to try again.
const MAX_RETRY_AFTER_MS: u64 = 30_000;

impl Problem {
    /// A problem with nothing but a kind and a sentence.
    pub fn new(code: Slug, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            request_id: None,
            errors: Vec::new(),
            retry_after_ms: None,
            definite: None,
            first_seq: None,
        }
    }

    /// `validation-failed` for these fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{}: {}", error.pointer.trim_start_matches('/'), error.detail))
            .collect::<Vec<_>>()
            .join("; ");
        Self { errors, ..Self::new(Slug::ValidationFailed, detail) }
    }

    /// The same, with a hint of when to try again, which is cut to 30 s and never 0.
    #[must_use]
    pub fn retry_after(mut self, after: std::time::Duration) -> Self {
        let millis = u64::try_from(after.as_millis()).unwrap_or(MAX_RETRY_AFTER_MS);
        self.retry_after_ms = Some(millis.clamp(1, MAX_RETRY_AFTER_MS));
        self
    }

    /// The same, saying that the write may have happened.
    #[must_use]
    pub fn indefinite(mut self) -> Self {
        self.definite = Some(false);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_problem_says_what_the_protocol_page_says_and_leaves_out_what_does_not_apply() {
        let json = serde_json::to_value(Problem::new(Slug::NotAMember, "Join it first.")).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "/problems/not-a-member", "title": "Only members of the room may do this", "status": 403,
                "detail": "Join it first.", "code": "not-a-member",
            })
        );
    }

    #[test]
    fn a_hint_is_never_longer_than_thirty_seconds() {
        let problem = Problem::new(Slug::RateLimited, "").retry_after(Duration::from_secs(3600));
        assert_eq!(problem.retry_after_ms, Some(30_000));
    }

    #[test]
    fn every_page_is_about_its_problem() {
        for slug in Slug::ALL {
            assert!(slug.page().starts_with(&format!("# {}\n", slug.as_str())), "{slug:?}");
            assert!(slug.page().contains(&slug.status().to_string()), "{slug:?} does not name its status");
        }
    }
}
