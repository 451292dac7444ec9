//! The keys of access tokens, fetched from the auth service elsewhere: kept for as long as it is away, and asked for again
//! when a token names another one, as rarely as strangers deserve and so that nobody with a good token is turned away.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::auth::{Jwk, Jwks};
use identity::{KeySource, PublicKey, Unavailable};
use kernel::{Clock, Timestamp};
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::auth_client::{AuthClient, CallError};

/// How often the keys are fetched when nobody asks for another one, and how soon again after a failure: this long after the
/// first, twice as long after each further one.
const FETCH_EVERY: Duration = Duration::from_secs(5 * 60);
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(15);
/// How often the keys are fetched for a key that is not among them: anybody can make one up.
const ASK_EVERY: Duration = Duration::from_secs(30);
/// How far the clocks of two nodes may be apart (I27).
const SKEW: Duration = Duration::from_secs(120);
/// More keys than an auth service has.
const MAX_KEYS: usize = 64;

/// The keys, in memory. They are fetched for as long as this lives.
pub struct RemoteKeys {
    shared: Arc<Shared>,
}

struct Shared {
    source: Box<dyn JwksSource>,
    clock: Arc<dyn Clock>,
    known: RwLock<Known>,
    /// When the keys were last fetched because of a key that was not among them. Whoever holds it fetches.
    asked: Mutex<Asked>,
}

/// What was asked because of keys that were not known.
#[derive(Default)]
struct Asked {
    at: Option<Timestamp>,
    /// The key that the last such fetch was for, if it did not bring it: nobody has it.
    in_vain: Option<String>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, PublicKey>,
    /// When the question was sent that they are the answer to: a key that is not among them was made later, or never.
    fetched_at: Option<Timestamp>,
}

/// Where the keys come from.
#[async_trait]
trait JwksSource: Send + Sync {
    async fn fetch(&self) -> Result<Jwks, CallError>;
}

#[async_trait]
impl JwksSource for AuthClient {
    async fn fetch(&self) -> Result<Jwks, CallError> {
        self.jwks().await
    }
}

impl RemoteKeys {
    /// Begins to fetch, and waits for nothing: the auth service may be away.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(auth: AuthClient, clock: Arc<dyn Clock>) -> Arc<Self> {
        let keys = Self::of(auth, clock);
        let shared = Arc::downgrade(&keys.shared);
        tokio::spawn(async move {
            let mut failures = 0;
            // It ends when nobody has the keys any more.
            while let Some(shared) = shared.upgrade() {
                failures = match shared.refresh().await {
                    Ok(()) => 0,
                    Err(error) => {
                        shared.note(failures, &error);
                        failures + 1
                    }
                };
                drop(shared);
                let rest = if failures == 0 { FETCH_EVERY } else { FIRST_REST * (1 << failures.min(10)) };
                sleep(if failures == 0 { rest } else { rest.min(LONGEST_REST) }).await;
            }
        });
        Arc::new(keys)
    }

    fn of(source: impl JwksSource + 'static, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared { source: Box::new(source), clock, known: RwLock::default(), asked: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }
}

#[async_trait]
impl KeySource for RemoteKeys {
    fn key(&self, kid: &str) -> Option<PublicKey> {
        self.shared.key(kid)
    }

    async fn find(&self, kid: &str, issued_at: Timestamp) -> Result<Option<PublicKey>, Unavailable> {
        if self.shared.would_know(issued_at) {
            return Ok(self.shared.key(kid));
        }
        // In a task of its own: a stranger who hangs up must not take the fetch along that others wait for.
        let (shared, kid) = (Arc::clone(&self.shared), kid.to_owned());
        tokio::spawn(async move { shared.ask_for(&kid).await }).await.unwrap_or(Err(Unavailable))
    }
}

impl Shared {
    fn key(&self, kid: &str) -> Option<PublicKey> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.get(kid).cloned()
    }

    fn fetched_at(&self) -> Option<Timestamp> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).fetched_at
    }

    /// Whether the key of a token that was issued then would be known, whoever's clock is ahead.
    fn would_know(&self, issued_at: Timestamp) -> bool {
        self.fetched_at().is_some_and(|fetched_at| issued_at.plus(SKEW) < fetched_at)
    }

    /// Fetches the keys for one that is not among them, if it is time, and looks again.
    async fn ask_for(&self, kid: &str) -> Result<Option<PublicKey>, Unavailable> {
        let presented_at = self.clock.now();
        let mut asked = self.asked.lock().await;
        if let Some(key) = self.key(kid) {
            return Ok(Some(key));
        }
        // Whoever was waited for has asked after this token was there, so its key would have come.
        if self.fetched_at().is_some_and(|fetched_at| fetched_at > presented_at) {
            return Ok(None);
        }
        let now = self.clock.now();
        // A clock that went back counts as time enough.
        if asked.at.is_some_and(|asked_at| asked_at <= now && now.since(asked_at) < ASK_EVERY) {
            return if asked.in_vain.as_deref() == Some(kid) { Ok(None) } else { Err(Unavailable) };
        }
        asked.at = Some(now);
        asked.in_vain = None;
        match self.refresh().await {
            Ok(()) => {
                let found = self.key(kid);
                if found.is_none() {
                    asked.in_vain = Some(kid.to_owned());
                }
                Ok(found)
            }
            Err(error) => {
                tracing::warn!(%error, "a token names a key that cannot be asked for");
                Err(Unavailable)
            }
        }
    }

    async fn refresh(&self) -> Result<(), CallError> {
        let begun = self.clock.now();
        let keys = read(self.source.fetch().await?)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Of two that overtake each other, the later question has the later answer.
        if known.fetched_at.is_none_or(|fetched_at| fetched_at <= begun) {
            *known = Known { keys, fetched_at: Some(begun) };
        }
        Ok(())
    }

    fn note(&self, failures: u32, error: &CallError) {
        if failures > 0 {
            tracing::debug!(%error, failures, "the keys of tokens still cannot be fetched");
        } else if self.fetched_at().is_some() {
            tracing::warn!(%error, "the keys of tokens cannot be fetched; the last known ones serve");
        } else {
            tracing::warn!(%error, "the keys of tokens cannot be fetched; until they are, no token can be checked");
        }
    }
}

/// The keys of a set that are for access tokens. A set without any is no answer: it would sign everybody out.
fn read(jwks: Jwks) -> Result<HashMap<String, PublicKey>, CallError> {
    let ours = |jwk: &Jwk| jwk.kty == "OKP" && jwk.crv == "Ed25519" && jwk.alg == "EdDSA" && jwk.usage == "sig";
    let key = |jwk: Jwk| {
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(&jwk.x).ok()?.try_into().ok()?;
        Some((jwk.kid, PublicKey::from_ed25519(&bytes)))
    };
    let keys: HashMap<_, _> = jwks.keys.into_iter().filter(ours).filter_map(key).take(MAX_KEYS).collect();
    if keys.is_empty() { Err(CallError::Unreadable("it has no key".to_owned())) } else { Ok(keys) }
}

#[cfg(test)]
mod tests;
