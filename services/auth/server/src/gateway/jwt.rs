//! Access tokens: JWTs of the type `at+jwt` (RFC 9068), signed with Ed25519.

use std::time::Duration;

use auth_entity::{Session, User};
use auth_usecase::ports::{AccessToken, AccessTokens, Unexpected};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kernel::{SessionId, Timestamp, UserId};
use serde::Serialize;

use super::Keys;

/// Signs tokens with the service's key. `identity` reads them.
pub struct JwtMinter {
    key: EncodingKey,
    header: Header,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: UserId,
    sid: SessionId,
    jti: String,
    username: &'a str,
    iat: i64,
    exp: i64,
}

impl JwtMinter {
    /// A minter of tokens that last for `lifetime`, which is cut to whole seconds.
    pub fn new(keys: &Keys, issuer: String, audience: String, lifetime: Duration) -> Self {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(keys.kid().to_owned());
        let lifetime = Duration::from_secs(lifetime.as_secs());
        Self { key: EncodingKey::from_ed_der(keys.signing_pkcs8()), header, issuer, audience, lifetime }
    }
}

impl AccessTokens for JwtMinter {
    fn mint(&self, user: &User, session: &Session, now: Timestamp) -> Result<AccessToken, Unexpected> {
        let mut unique = [0; 16];
        aws_lc_rs::rand::fill(&mut unique)?;
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: user.id,
            sid: session.id,
            jti: URL_SAFE_NO_PAD.encode(unique),
            username: user.username.as_str(),
            iat: now.as_seconds(),
            exp: now.plus(self.lifetime).as_seconds(),
        };
        let token = jsonwebtoken::encode(&self.header, &claims, &self.key)?;
        Ok(AccessToken { token, expires_in: self.lifetime })
    }
}
