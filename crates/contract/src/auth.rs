//! What the auth service takes and gives.

mod update_profile;

use std::fmt;

use kernel::{SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use update_profile::UpdateProfile;

/// A password or a token: it goes over the wire and into no log (I24).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Password)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one who must know it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text itself.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The body of `POST /v1/auth/signup`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    /// 3–32 letters, digits, `_`, `-`, `.`; unique without regard to case.
    pub username: String,
    /// A valid address of at most 254 bytes; unique without regard to case.
    pub email: String,
    /// 8–128 characters, not a common one, not one's own name.
    pub password: Secret,
    /// 1–64 characters; the user name when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// The answer to `POST /v1/auth/signup`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignUpAnswer {
    /// The new account.
    pub user: OwnUser,
}

/// The body of `POST /v1/auth/signin`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// A user name or an e-mail address.
    pub login: String,
    /// The password.
    pub password: Secret,
    /// What to call this device in the list of sessions, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// How the refresh token is given.
    #[serde(default)]
    pub refresh_transport: RefreshTransport,
}

/// How a refresh token travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTransport {
    /// In the bodies of answers and requests.
    #[default]
    Body,
    /// As a cookie that scripts of a page cannot read.
    Cookie,
}

/// The answer to `POST /v1/auth/signin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignInAnswer {
    /// For `Authorization: Bearer`.
    pub access_token: Secret,
    /// Always `Bearer`.
    pub token_type: TokenType,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    /// Gives the next tokens; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// The session that has begun.
    pub session: SessionView,
    /// Who has signed in.
    pub user: OwnUser,
}

/// The body of `POST /v1/auth/refresh`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The latest refresh token; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
}

/// The answer to `POST /v1/auth/refresh`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RefreshAnswer {
    /// For `Authorization: Bearer`.
    pub access_token: Secret,
    /// Always `Bearer`.
    pub token_type: TokenType,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    /// The refresh token to use next; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// The session that goes on.
    pub session: SessionView,
}

/// How an access token is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub enum TokenType {
    /// RFC 6750.
    Bearer,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The session's id.
    pub id: SessionId,
    /// What the owner called the device.
    pub device: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_seen_at: Timestamp,
    /// When it is over if it is not refreshed again.
    pub expires_at: Timestamp,
}

/// A user as everybody sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicUser {
    /// The account's id.
    pub id: UserId,
    /// The unique name, as it was written.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// A few lines about oneself.
    pub bio: Option<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// What one is up to.
    pub status_text: Option<String>,
    /// A language tag.
    pub language: Option<String>,
    /// A time zone's name.
    pub time_zone: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// A user as they see themselves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnUser {
    /// What everybody sees.
    #[serde(flatten)]
    pub profile: PublicUser,
    /// The e-mail address.
    pub email: String,
}

impl fmt::Debug for OwnUser {
    /// Without the address (I24).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnUser").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// The public keys that verify access tokens: a JWK set (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwks {
    /// The keys; a token names one by its `kid`.
    pub keys: Vec<Jwk>,
}

/// An Ed25519 public key (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// `EdDSA`.
    pub alg: String,
    /// The key's thumbprint (RFC 7638).
    pub kid: String,
    /// The key, in base64url.
    pub x: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_or_answer_shows_its_secrets_by_debug() {
        let request: SignInRequest =
            serde_json::from_str(r#"{"login": "ann", "password": "a very secret one"}"#).unwrap();
        let shown = format!("{request:?}");
        assert!(!shown.contains("secret"), "{shown}");
        assert_eq!(request.refresh_transport, RefreshTransport::Body);
    }

    #[test]
    fn a_field_that_no_request_has_is_refused() {
        assert!(serde_json::from_str::<RefreshRequest>("{}").is_ok());
        assert!(serde_json::from_str::<RefreshRequest>(r#"{"token": "x"}"#).is_err());
    }

    #[test]
    fn ones_own_user_is_the_public_one_with_the_address() {
        let profile = PublicUser {
            id: UserId::new(),
            username: "ann".to_owned(),
            display_name: "Ann".to_owned(),
            bio: None,
            avatar_url: None,
            status_text: None,
            language: None,
            time_zone: None,
            created_at: Timestamp::from_millis(0),
        };
        let own = OwnUser { profile: profile.clone(), email: "ann@example.org".to_owned() };
        let json = serde_json::to_value(&own).unwrap();
        assert_eq!(json["email"], "ann@example.org");
        assert_eq!(json["bio"], serde_json::Value::Null);
        assert_eq!(serde_json::from_value::<OwnUser>(json).unwrap(), own);
        assert!(!format!("{own:?}").contains("example.org"));
        assert!(serde_json::to_value(profile).unwrap().get("email").is_none());
    }
}
