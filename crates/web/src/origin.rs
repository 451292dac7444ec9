//! Which pages a browser may call us from (I20).

use actix_web::HttpRequest;
use actix_web::http::header;

/// The origins that are allowed beside the server's own host, such as `https://chat.example.org`.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins(pub Vec<String>);

/// Whether the request's `Origin` may be served: none at all (not a browser), the server's own host, or one of the
/// list. `null` never is.
pub fn origin_is_allowed(request: &HttpRequest, allowed: &AllowedOrigins) -> bool {
    let mut origins = request.headers().get_all(header::ORIGIN);
    let Some(origin) = origins.next() else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if origins.next().is_some() {
        return false;
    }
    if allowed.0.iter().any(|known| known.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let own = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    matches!((own, host), (Some(own), Some(host)) if own.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_the_own_host_and_the_list_are_allowed() {
        let allowed = AllowedOrigins(vec!["https://app.example.org".to_owned()]);
        for (origin, expected) in [
            (None, true),
            (Some("http://chat.example.org:8080"), true),
            (Some("https://CHAT.example.org:8080"), true),
            (Some("https://app.example.org"), true),
            (Some("http://app.example.org"), false),
            (Some("http://chat.example.org"), false),
            (Some("https://chat.example.org:8080.evil.example"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            let mut request = TestRequest::default().insert_header((header::HOST, "chat.example.org:8080"));
            if let Some(origin) = origin {
                request = request.insert_header((header::ORIGIN, origin));
            }
            assert_eq!(origin_is_allowed(&request.to_http_request(), &allowed), expected, "{origin:?}");
        }
    }
}
