//! The outermost layer: gives each request an id, writes each error as a problem, sets the headers that protect.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use contract::problem::{Problem, Slug};
use tracing::Instrument;
use uuid::Uuid;

use crate::Failure;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Wraps everything, and lets HEAD be asked wherever GET can; actix leaves the body out. Use with `actix_web::middleware::from_fn`.
pub async fn boundary(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = sane_id(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string());
    let Ok(id_value) = HeaderValue::from_str(&id) else { unreachable!("only ASCII is sane") };
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    // Whatever is logged on the way has the id that the client sees; at a level that no filter for errors leaves out.
    let span = tracing::error_span!("request", request_id = %id);
    // Errors of handlers and extractors are responses by now.
    let mut response = if upgrades_with_a_body(&request) {
        let problem = Problem::new(Slug::InvalidRequest, "A handshake is a GET. Leave the header Upgrade out.");
        request.error_response(Failure::from(problem))
    } else {
        next.call(request).instrument(span).await?.map_into_boxed_body()
    };
    if let Some(problem) = problem_of(response.response()) {
        response = response.map_body(|head, _| {
            head.headers.remove(header::CONTENT_LENGTH);
            head.headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
            BoxBody::new(render(problem, id))
        });
    }
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id_value);
    protect(headers);
    Ok(response)
}

/// Whether somebody wants a WebSocket and sends something else along: actix would leave its body unread, and a handler would
/// find none.
fn upgrades_with_a_body(request: &ServiceRequest) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    request.method() != Method::GET
        && upgrade.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn sane_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let sane = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    sane.then(|| id.to_owned())
}

/// The problem that a response stands for: one of ours, or what actix itself refused.
fn problem_of(response: &HttpResponse) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let has_own_body = response.headers().contains_key(header::CONTENT_TYPE)
        && response.headers().get(header::CONTENT_TYPE) != Some(&HeaderValue::from_static("text/plain; charset=utf-8"));
    (is_error && !has_own_body).then(|| Problem::new(slug_of(status), "The server could not take this request."))
}

fn slug_of(status: StatusCode) -> Slug {
    match status {
        StatusCode::NOT_FOUND => Slug::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Slug::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Slug::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Slug::UnsupportedMediaType,
        status if status.is_client_error() => Slug::InvalidRequest,
        _ => Slug::Internal,
    }
}

fn render(mut problem: Problem, request_id: String) -> String {
    problem.request_id = Some(request_id);
    // Strings and numbers only: there is nothing in a problem that could fail to be written.
    serde_json::to_string(&problem).unwrap_or_default()
}

fn protect(headers: &mut HeaderMap) {
    let mut default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "no-referrer");
    default(header::X_FRAME_OPTIONS, "DENY");
    default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    default(header::CACHE_CONTROL, "no-store");
}
