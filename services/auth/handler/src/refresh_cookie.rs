//! The refresh token as a cookie: for browsers, whose scripts are not to see it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::web::Data;
use auth_entity::Session;
use contract::auth::Secret;
use contract::problem::Slug;
use web::{AllowedOrigins, Failure, origin_is_allowed};

/// A browser takes a cookie of this prefix only with `Secure`, `Path=/` and no domain, so no neighbour can plant one.
const NAME: &str = "__Host-refresh";
/// A header that no form and no simple request of another page can set.
const GUARD: &str = "x-natter-csrf";

/// The cookie that carries a token, until the session would end by itself.
pub(crate) fn carrying(token: String, session: &Session) -> Cookie<'static> {
    let lifetime = session.expires_at().since(session.last_seen_at);
    cookie(token, Duration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or(0)))
}

/// The cookie that takes the other one away.
pub(crate) fn removal() -> Cookie<'static> {
    cookie(String::new(), Duration::ZERO)
}

/// The token that a request carries as a cookie.
pub(crate) fn of(request: &HttpRequest) -> Option<Secret> {
    request.cookie(NAME).map(|cookie| Secret::new(cookie.value().to_owned()))
}

/// Refuses a request that another page may have made the browser send: it needs the header, and an Origin that is ours.
pub(crate) fn guard(request: &HttpRequest) -> Result<(), Failure> {
    if request.headers().get(GUARD).is_none_or(|value| value != "1") {
        let detail = "A refresh token in a cookie needs the header x-natter-csrf: 1.";
        return Err(Failure::new(Slug::Forbidden, detail));
    }
    let none = AllowedOrigins::default();
    let allowed = request.app_data::<Data<AllowedOrigins>>().map_or(&none, |allowed| allowed.get_ref());
    if !request.headers().contains_key(header::ORIGIN) || !origin_is_allowed(request, allowed) {
        let detail = "A refresh token in a cookie is taken only from our own pages: the Origin is not one of them.";
        return Err(Failure::new(Slug::BadOrigin, detail));
    }
    Ok(())
}

fn cookie(value: String, lifetime: Duration) -> Cookie<'static> {
    Cookie::build(NAME, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(lifetime)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use auth_entity::IDLE_LIFETIME;
    use kernel::{Timestamp, UserId};
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let session = Session::open(UserId::new(), None, IpAddr::V4(Ipv4Addr::LOCALHOST), Timestamp::from_millis(0));
        let written = carrying("t".to_owned(), &session).to_string();
        let lifetime = format!("Max-Age={}", IDLE_LIFETIME.as_secs());
        for part in ["__Host-refresh=t", "HttpOnly", "Secure", "SameSite=Strict", "Path=/", &lifetime] {
            assert!(written.contains(part), "{written} has no {part}");
        }
        assert!(!written.contains("Domain"), "{written}");
        assert!(removal().to_string().contains("Max-Age=0"));
    }

    #[test]
    fn a_cookie_needs_the_header_and_an_origin_of_ours() {
        let judge = |guard_value: Option<&str>, origin: Option<&str>| {
            let mut request = TestRequest::default().insert_header((header::HOST, "chat.example.org"));
            if let Some(value) = guard_value {
                request = request.insert_header((GUARD, value));
            }
            if let Some(origin) = origin {
                request = request.insert_header((header::ORIGIN, origin));
            }
            guard(&request.to_http_request()).map_err(|failure| failure.0.code)
        };
        let own = Some("https://chat.example.org");
        assert_eq!(judge(Some("1"), own), Ok(()));
        assert_eq!(judge(None, own), Err(Slug::Forbidden));
        assert_eq!(judge(Some("0"), own), Err(Slug::Forbidden));
        for origin in [None, Some("null"), Some("https://evil.example")] {
            assert_eq!(judge(Some("1"), origin), Err(Slug::BadOrigin), "{origin:?}");
        }
    }
}
