//! REST calls: JSON in, JSON or a refusal out, tried again where that is safe.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::backoff::Backoff;
use crate::error::Refusal;
use crate::{Address, Error, tls};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// How often a call is tried that may be repeated.
const TRIES: u32 = 4;
const SHORTEST_WAIT: Duration = Duration::from_millis(150);
/// Nobody wants to wait longer for the answer to a call; a longer hint is an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Bytes of an answer at most: 200 messages of the longest body, in JSON, with room to spare.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Whether doing it twice is the same as doing it once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Repeat {
    /// It is: try again when the answer is lost or the server is busy.
    Safe,
    /// It is not: only a refusal that says that nothing happened may be tried again, by whoever asked.
    Never,
}

/// Calls to one server.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) address: Address,
    /// For the WebSocket; `None` without TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    client: Client,
}

/// One call.
#[derive(Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<serde_json::Value>,
    idempotency_key: Option<String>,
    repeat: Repeat,
}

impl Call {
    /// A call that only reads, or that changes the same thing to the same value however often it is made.
    pub(crate) fn safe(method: Method, path: impl Into<String>) -> Self {
        let (query, body, idempotency_key) = (Vec::new(), None, None);
        Self { method, path: path.into(), query, body, idempotency_key, repeat: Repeat::Safe }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::safe(Method::GET, path)
    }

    /// A call that must not be made twice.
    pub(crate) fn once(method: Method, path: impl Into<String>) -> Self {
        Self { repeat: Repeat::Never, ..Self::safe(method, path) }
    }

    pub(crate) fn query(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_value(body).map_err(|error| Error::Invalid(error.to_string()))?;
        self.body = Some(body);
        Ok(self)
    }

    /// Reads the answer to it.
    pub(crate) fn read<T: DeserializeOwned>(&self, answer: &str) -> Result<T, Error> {
        serde_json::from_str(answer).map_err(|error| Error::Protocol(format!("{} {}: {error}", self.method, self.path)))
    }

    /// Lets the server give the first answer again, so that the call may be repeated.
    pub(crate) fn idempotent(mut self, key: &impl ToString) -> Self {
        self.idempotency_key = Some(key.to_string());
        self.repeat = Repeat::Safe;
        self
    }
}

impl Http {
    pub(crate) fn new(address: Address) -> Result<Self, Error> {
        let builder = Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .tcp_nodelay(true)
            .user_agent(concat!("natter-client/", env!("CARGO_PKG_VERSION")))
            // A token goes to this server and to nobody else.
            .redirect(Policy::none())
            .no_proxy();
        let (builder, tls) = if address.is_secure() {
            let tls = tls::configuration()?;
            (builder.tls_backend_preconfigured(ClientConfig::clone(&tls)), Some(tls))
        } else {
            (builder.tls_certs_only([]), None)
        };
        let client = builder.build().map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(Self { address, tls, client })
    }

    /// Makes a call and reads its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: &Call, token: Option<&str>) -> Result<T, Error> {
        call.read(&self.text(call, token).await?)
    }

    /// Makes a call and gives its answer as it came; empty when it has no body.
    pub(crate) async fn text(&self, call: &Call, token: Option<&str>) -> Result<String, Error> {
        let mut backoff = Backoff::between(SHORTEST_WAIT, LONGEST_WAIT);
        let mut tries = 1;
        loop {
            let error = match self.try_once(call, token).await {
                Ok(text) => return Ok(text),
                Err(error) => error,
            };
            let hint = error.refusal().and_then(Refusal::retry_after);
            let may_be_repeated = match &error {
                Error::Unreachable(_) => call.repeat == Repeat::Safe,
                Error::Refused(refusal) => {
                    let is_settled = refusal.definite != Some(false);
                    refusal.is_passing() && (call.repeat == Repeat::Safe || (is_settled && refusal.status == 503))
                }
                Error::SessionEnded(_)
                | Error::Protocol(_)
                | Error::File { .. }
                | Error::Invalid(_)
                | Error::Full
                | Error::Closed => false,
            };
            if !may_be_repeated || tries >= TRIES || hint.is_some_and(|hint| hint > LONGEST_WAIT) {
                return Err(error);
            }
            tries += 1;
            tokio::time::sleep(backoff.next(hint)).await;
        }
    }

    async fn try_once(&self, call: &Call, token: Option<&str>) -> Result<String, Error> {
        let mut request = self.client.request(call.method.clone(), self.url(call)?);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = self.read(response).await?;
        if (200..300).contains(&status) {
            return Ok(text);
        }
        Err(refusal(status, &text, retry_after).into())
    }

    fn url(&self, call: &Call) -> Result<Url, Error> {
        let url = self.address.http(&call.path);
        let with_query =
            if call.query.is_empty() { Url::parse(&url) } else { Url::parse_with_params(&url, &call.query) };
        with_query.map_err(|error| Error::Invalid(format!("{url}: {error}")))
    }

    async fn read(&self, mut response: Response) -> Result<String, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if bytes.len() + chunk.len() > LONGEST_ANSWER {
                return Err(Error::Protocol("an answer is too long".to_owned()));
            }
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes).map_err(|_| Error::Protocol("an answer is not UTF-8".to_owned()))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Error {
        Error::Unreachable(format!("{} cannot be reached: {}", self.address, innermost(error)))
    }
}

/// Reads a refusal; what has no problem in it is told by its status.
pub(crate) fn refusal(status: u16, text: &str, retry_after_s: Option<u64>) -> Refusal {
    let problem: Option<Refusal> = serde_json::from_str(text).ok();
    let mut refusal = problem.filter(|problem| !problem.code.is_empty()).unwrap_or_else(|| Refusal::bare(status));
    refusal.status = status;
    refusal.retry_after_ms = refusal.retry_after_ms.or(retry_after_s.map(|seconds| seconds.saturating_mul(1000)));
    refusal
}

/// The cause that says something: the outer ones only say that sending failed.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
