//! Request bodies: JSON of a known shape, or nothing.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::rt::time::timeout;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use contract::chat::Empty;
use contract::problem::{FieldError, Problem, Slug};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::Failure;

/// Bytes of a body at most. The longest message, every character escaped, and its envelope fit.
const MAX_BODY: usize = 128 * 1024;

/// Bytes of a body at most, as the app data of a path that takes more or less than others.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

/// How long a body may take, from its first byte to its last: who sends slower than 13 KB/s would hold a connection and
/// its memory for as long as they like.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A JSON body. What is not JSON is `invalid-request`; what has the wrong shape is `validation-failed` with the place.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// The body of a call that needs none: nothing at all, or `{}`.
#[derive(Debug)]
pub struct NoBody;

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request
            .mime_type()
            .ok()
            .flatten()
            .is_some_and(|mime| mime.subtype() == "json" || mime.suffix().is_some_and(|suffix| suffix == "json"));
        let body = read(request, payload);
        Box::pin(async move {
            if !is_json {
                let detail = "Send the body as application/json.";
                return Err(Failure::new(Slug::UnsupportedMediaType, detail));
            }
            Ok(Self(parse_json(&body.await?)?))
        })
    }
}

impl FromRequest for NoBody {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read(request, payload);
        Box::pin(async move {
            let body = body.await?;
            if !body.is_empty() {
                parse_json::<Empty>(&body)?;
            }
            Ok(Self)
        })
    }
}

fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<BytesMut, Failure>> + use<> {
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let limit = request.app_data::<BodyLimit>().map_or(MAX_BODY, |limit| limit.0);
    let mut payload = payload.take();
    async move {
        let too_large = || {
            let detail = format!("The body is longer than {limit} bytes.");
            Failure::new(Slug::PayloadTooLarge, detail)
        };
        if declared.is_some_and(|length: usize| length > limit) {
            return Err(too_large());
        }
        let whole = async {
            let mut body = BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|_| Failure::new(Slug::InvalidRequest, "The body ended early."))?;
                if body.len() + chunk.len() > limit {
                    return Err(too_large());
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        };
        let late = |_| Failure::new(Slug::InvalidRequest, "The body did not arrive in time.");
        timeout(BODY_WITHIN, whole).await.map_err(late)?
    }
}

/// Reads a JSON object of a known shape, with the same answers for bodies and for the `data` of frames.
pub fn parse_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    // serde would take a list for an object's fields, in the order in which a struct happens to have them.
    if json.trim_ascii_start().starts_with(b"[") && is_json(json) {
        let error = FieldError { pointer: String::new(), detail: "is a list; it must be an object".to_owned() };
        return Err(Problem::invalid(vec![error]));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let cause = error.inner();
        // For a number or `null` in the place of an enum, serde_json says that it is no JSON at all.
        if cause.is_data() || is_json(json) {
            let detail = match without_position(&cause.to_string()) {
                detail if cause.is_data() => detail,
                detail => format!("is of another type: {detail}"),
            };
            Problem::invalid(vec![FieldError { pointer: pointer(error.path()), detail }])
        } else {
            Problem::new(Slug::InvalidRequest, format!("This is not JSON: {cause}."))
        }
    })?;
    reader.end().map_err(|cause| Problem::new(Slug::InvalidRequest, format!("This is not JSON: {cause}.")))?;
    Ok(value)
}

fn is_json(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

/// The pointer tells the place; line and column of a body that a program wrote tell nobody anything.
fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its shape matters")]
    struct Shape {
        name: String,
        list: Vec<u8>,
        #[serde(default)]
        kind: Kind,
    }

    #[derive(Debug, Default, Deserialize)]
    enum Kind {
        #[default]
        Known,
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_refused_however_steadily_it_comes() {
        let seconds = tokio::time::interval(Duration::from_secs(1));
        let drip = futures_util::stream::unfold(seconds, |mut seconds| async {
            seconds.tick().await;
            Some((Ok(Bytes::from_static(b" ")), seconds))
        });
        let mut payload = Payload::Stream { payload: drip.boxed_local() };
        let request = TestRequest::default().insert_header(header::ContentType::json()).to_http_request();
        let begun = tokio::time::Instant::now();
        let answer = timeout(BODY_WITHIN * 2, Json::<Shape>::from_request(&request, &mut payload)).await;
        let Failure(problem) = answer.expect("a slow body is not waited for").unwrap_err();
        assert_eq!((problem.code, problem.detail.as_str()), (Slug::InvalidRequest, "The body did not arrive in time."));
        assert_eq!(begun.elapsed(), BODY_WITHIN);
    }

    #[actix_web::test]
    async fn a_path_may_take_longer_bodies_than_others() {
        let body = format!(r#"{{"name":"x","list":[1]}}{}"#, " ".repeat(MAX_BODY));
        for (limit, fits) in [(None, false), (Some(BodyLimit(2 * MAX_BODY)), true), (Some(BodyLimit(10)), false)] {
            let request = TestRequest::default().insert_header(header::ContentType::json());
            let request = limit.into_iter().fold(request, TestRequest::app_data);
            let (request, mut payload) = request.set_payload(body.clone()).to_http_parts();
            let taken = Json::<Shape>::from_request(&request, &mut payload).await;
            assert_eq!(
                taken.as_ref().map_err(|refused| refused.0.code).err(),
                (!fits).then_some(Slug::PayloadTooLarge)
            );
        }
    }

    fn problem(json: &str) -> Problem {
        parse_json::<Shape>(json.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_not_json_is_an_invalid_request() {
        for json in ["", "{", "nonsense", r#"{"name":"x","list":[]} trailing"#] {
            assert_eq!(problem(json).code, Slug::InvalidRequest, "{json}");
        }
        assert_eq!(parse_json::<Shape>(b"{\"name\":\"\xff\"}").unwrap_err().code, Slug::InvalidRequest);
    }

    #[test]
    fn a_wrong_shape_names_the_place() {
        for (json, pointer) in [
            (r#"{"name":1,"list":[]}"#, "/name"),
            (r#"{"name":"x","list":[1,"2"]}"#, "/list/1"),
            (r#"{"name":"x"}"#, ""),
            (r#"{"name":"x","list":[],"more":1}"#, "/more"),
            ("[]", ""),
            (r#" ["x", [1]]"#, ""),
            (r#"{"name":"x","list":[],"kind":1}"#, "/kind"),
            (r#"{"name":"x","list":[],"kind":null}"#, "/kind"),
        ] {
            let problem = problem(json);
            assert_eq!(problem.code, Slug::ValidationFailed, "{json}");
            assert_eq!(problem.errors[0].pointer, pointer, "{json}");
            assert!(!problem.errors[0].detail.contains("line"), "{}", problem.errors[0].detail);
        }
    }
}
