//! The auth service elsewhere, asked by HTTP: every wait has an end, and no node asks more at once than it should.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use contract::auth::Jwks;
use contract::internal::{CheckSessions, CheckedSession, CheckedSessions, FoundProfile, MAX_SESSIONS, Profile};
use identity::ServiceKey;
use kernel::{SessionId, UserId};
use reqwest::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long a connection may take, and a whole call with its repeat.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Calls at once, and calls that are under way or wait for their turn; one more fails at once.
const AT_ONCE: usize = 64;
const PLACES: usize = 2_048;
/// How long an idle connection is kept: shorter than servers and load balancers keep theirs.
const IDLE: Duration = Duration::from_secs(20);
/// Bytes of an answer at most: 5,000 sessions have 600 KB.
const MAX_ANSWER: usize = 2 * 1024 * 1024;

/// Asks the auth service, or a load balancer before it. Clones share its connections and its bounds.
#[derive(Clone)]
pub struct AuthClient {
    inner: Arc<Inner>,
}

struct Inner {
    http: Client,
    base: Url,
    key: HeaderValue,
    /// Who may call.
    permits: Semaphore,
    /// Who may wait for that.
    places: Semaphore,
}

/// Why the auth service cannot be asked at all.
#[derive(Debug, Error)]
pub enum AuthClientError {
    /// The address is none.
    #[error(
        "AUTH_URL is {0:?}; it must be the address of the auth service, such as http://auth:8080, in a network that \
             nobody else can listen to: nodes talk without encryption"
    )]
    Url(String),
    /// The HTTP client could not be made.
    #[error("the client of the auth service cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why a call has no answer. Nothing was changed by any of them.
#[derive(Debug, Error)]
pub enum CallError {
    /// As many calls are under way as may be.
    #[error("too many calls to the auth service are under way")]
    Busy,
    /// No answer in time.
    #[error("the auth service did not answer in time")]
    TimedOut,
    /// The connection failed, twice.
    #[error("the auth service cannot be reached: {0}")]
    Unreachable(String),
    /// It answered something else than what was asked for.
    #[error("the auth service answered {0}")]
    Refused(StatusCode),
    /// It answered something that no version of ours would.
    #[error("the auth service's answer cannot be read: {0}")]
    Unreadable(String),
}

impl AuthClient {
    /// A client for this address; it connects when it is needed.
    pub fn new(url: &str, key: [u8; 32]) -> Result<Self, AuthClientError> {
        let base = Url::parse(url.trim_end_matches('/')).ok();
        let base = base.filter(|base| base.scheme() == "http" && base.has_host() && base.path() == "/");
        let base = base.ok_or_else(|| AuthClientError::Url(url.to_owned()))?;
        let http = Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(AT_ONCE)
            .tcp_nodelay(true)
            // The key goes to the auth service and to nobody else: no redirects, no proxy that the environment names.
            .redirect(Policy::none())
            .no_proxy()
            // Plain HTTP alone: a machine without any authority's certificate can do that, too.
            .tls_certs_only([])
            .build()?;
        let bearer = format!("Bearer {}", ServiceKey::from_bytes(key).to_bearer());
        let mut key = HeaderValue::from_str(&bearer).map_err(|_| AuthClientError::Url(url.to_owned()))?;
        key.set_sensitive(true);
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                base,
                key,
                permits: Semaphore::new(AT_ONCE),
                places: Semaphore::new(PLACES),
            }),
        })
    }

    /// What the store says of these sessions, at most [`MAX_SESSIONS`].
    pub(crate) async fn sessions(&self, ids: &[SessionId]) -> Result<Vec<CheckedSession>, CallError> {
        debug_assert!(ids.len() <= MAX_SESSIONS, "{} sessions in one question", ids.len());
        let body = CheckSessions { ids: ids.to_vec() };
        let request = || self.request("/internal/v1/sessions", |http, url| http.post(url).json(&body));
        let answer: CheckedSessions = self.call(request).await?;
        Ok(answer.sessions)
    }

    /// An account as it is now; `None` when there is none.
    pub(crate) async fn profile(&self, user: UserId) -> Result<Option<Profile>, CallError> {
        let request = || self.request(&format!("/internal/v1/users/{user}"), |http, url| http.get(url));
        let answer: FoundProfile = self.call(request).await?;
        Ok(answer.profile)
    }

    /// The keys that verify access tokens: those of this moment, and no cache's.
    pub(crate) async fn jwks(&self) -> Result<Jwks, CallError> {
        let Inner { http, base, .. } = &*self.inner;
        let mut url = base.clone();
        url.set_path("/.well-known/jwks.json");
        self.call(|| http.get(url.clone()).header(CACHE_CONTROL, "no-cache")).await
    }

    fn request(&self, path: &str, make: impl Fn(&Client, Url) -> RequestBuilder) -> RequestBuilder {
        let Inner { http, base, key, .. } = &*self.inner;
        let mut url = base.clone();
        url.set_path(path);
        make(http, url).header(AUTHORIZATION, key.clone())
    }

    /// Asks, and asks once more on another connection when the first one broke: a node behind the load balancer was
    /// killed, or an idle connection has been closed. No call changes anything, so a repeat does no harm.
    async fn call<T: DeserializeOwned>(&self, request: impl Fn() -> RequestBuilder) -> Result<T, CallError> {
        let _place = self.inner.places.try_acquire().map_err(|_| CallError::Busy)?;
        let asked = async {
            let _permit = self.inner.permits.acquire().await.map_err(|_| CallError::Busy)?;
            match attempt(request()).await {
                Err(CallError::Unreachable(cause)) => {
                    tracing::debug!(cause, "a call to the auth service is repeated");
                    attempt(request()).await
                }
                done => done,
            }
        };
        let body = timeout(ANSWER_WITHIN, asked).await.map_err(|_| CallError::TimedOut)??;
        serde_json::from_slice(&body).map_err(|error| CallError::Unreadable(error.to_string()))
    }
}

async fn attempt(request: RequestBuilder) -> Result<Vec<u8>, CallError> {
    let broken = |error: reqwest::Error| CallError::Unreachable(innermost(&error));
    let mut answer: Response = request.send().await.map_err(broken)?;
    match answer.status() {
        StatusCode::OK => {}
        // The load balancer's own words for a node that has gone.
        gone @ (StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) => {
            return Err(CallError::Unreachable(format!("the load balancer answered {gone}")));
        }
        other => return Err(CallError::Refused(other)),
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(CallError::Unreadable("it is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What really happened: the outer errors say that a request failed.
fn innermost(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map_or_else(String::new, ToString::to_string)
}

impl fmt::Debug for AuthClient {
    /// Without the key (I24).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthClient").field("base", &self.inner.base.as_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
