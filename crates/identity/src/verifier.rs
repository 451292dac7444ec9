//! The checks, cheap ones first: form, header, signature, claims, times, and last the session.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, Validation};
use kernel::{Clock, Principal, SessionId, Timestamp};

use crate::claims::Claims;
use crate::{KeySource, LiveSessionCheck, PublicKey, Refusal, SessionState, Unavailable};

/// How far the clocks of two nodes may be apart when a token's times are judged.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// The header `typ` of an access token (RFC 9068): nothing else that the same key may sign is taken for one.
const TYPE: &str = "at+jwt";
/// Ours have some 500 bytes. Longer ones are refused before they cost anything.
const MAX_BYTES: usize = 4_096;

/// Whose tokens are taken, and those for whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The `iss` of our auth service.
    pub issuer: String,
    /// The `aud` that means us.
    pub audience: String,
}

/// Turns bearer tokens into principals.
pub struct Verifier {
    keys: Arc<dyn KeySource>,
    sessions: Arc<dyn LiveSessionCheck>,
    clock: Arc<dyn Clock>,
    expected: Expected,
    validation: Validation,
}

impl Verifier {
    /// A verifier on these keys, sessions and clock.
    pub fn new(
        keys: Arc<dyn KeySource>,
        sessions: Arc<dyn LiveSessionCheck>,
        clock: Arc<dyn Clock>,
        expected: Expected,
    ) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library reads the system's clock and lets absent claims pass, so the claims are judged here, not there.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self { keys, sessions, clock, expected, validation }
    }

    /// Who sent this token: all checks, the session included.
    pub async fn authenticate(&self, bearer: &str) -> Result<Principal, Refusal> {
        let principal = self.read_claims(bearer).await?;
        self.check_session(principal.session_id).await?;
        Ok(principal)
    }

    /// Who sent this token, if its session lives, which is not checked.
    pub async fn read_claims(&self, bearer: &str) -> Result<Principal, Refusal> {
        let kid = key_id(bearer)?;
        let key = match self.keys.key(&kid) {
            Some(key) => key,
            None => self.find_key(&kid, bearer).await?,
        };
        let token = jsonwebtoken::decode::<Claims>(bearer, &key.0, &self.validation);
        let claims = token.map_err(|_| Refusal::Invalid)?.claims;
        let expires_at = self.judge(&claims)?;
        Ok(Principal { user_id: claims.sub, session_id: claims.sid, username: claims.username, expires_at })
    }

    /// Whether a session lives.
    pub async fn check_session(&self, id: SessionId) -> Result<(), Refusal> {
        match self.sessions.check(id).await {
            Ok(SessionState::Live) => Ok(()),
            Ok(SessionState::Over) => Err(Refusal::SessionRevoked),
            Ok(SessionState::AccountDisabled) => Err(Refusal::AccountDisabled),
            Err(Unavailable) => Err(Refusal::Unavailable),
        }
    }

    /// Those of these sessions that are dead, and why.
    pub async fn dead_sessions(&self, ids: &[SessionId]) -> Result<Vec<(SessionId, SessionState)>, Unavailable> {
        self.sessions.dead(ids).await
    }

    /// A key that is not in memory. A token whose claims could not be those of a good one is refused before anybody is
    /// asked; one that has expired is told so whoever signed it, as the key may have gone since.
    async fn find_key(&self, kid: &str, bearer: &str) -> Result<PublicKey, Refusal> {
        let unverified = insecure_decode_claims::<Claims>(bearer).map_err(|_| Refusal::Invalid)?;
        self.judge(&unverified)?;
        match self.keys.find(kid, seconds(unverified.iat)).await {
            Ok(found) => found.ok_or(Refusal::Invalid),
            Err(Unavailable) => Err(Refusal::Unavailable),
        }
    }

    /// Until when the claims are good.
    fn judge(&self, claims: &Claims) -> Result<Timestamp, Refusal> {
        let named = claims.iss == self.expected.issuer
            && claims.aud == self.expected.audience
            && !claims.jti.is_empty()
            && !claims.username.is_empty();
        let (issued_at, expires_at) = (seconds(claims.iat), seconds(claims.exp));
        let now = self.clock.now();
        if !named || expires_at <= issued_at || issued_at > now.plus(LEEWAY) {
            return Err(Refusal::Invalid);
        }
        if now >= expires_at.plus(LEEWAY) {
            return Err(Refusal::Expired);
        }
        Ok(expires_at)
    }
}

/// The id of the key that a token names, if its header is one of ours.
fn key_id(bearer: &str) -> Result<String, Refusal> {
    if bearer.len() > MAX_BYTES {
        return Err(Refusal::Invalid);
    }
    let header = jsonwebtoken::decode_header(bearer).map_err(|_| Refusal::Invalid)?;
    let ours = header.typ.as_deref() == Some(TYPE) && header.alg == Algorithm::EdDSA && header.crit.is_none();
    header.kid.filter(|_| ours).ok_or(Refusal::Invalid)
}

fn seconds(since_1970: i64) -> Timestamp {
    Timestamp::from_millis(since_1970.saturating_mul(1000))
}

#[cfg(test)]
mod tests;
