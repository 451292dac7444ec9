//! The refresh token as a browser keeps it.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use crate::application::{Answer, Natter, PASSWORD, ask, post, request, sign_up, start};

/// Signs in as a browser does and gives the answer and the cookie, as it would be sent back.
async fn browser_signs_in(app: &Natter) -> (Answer, String) {
    sign_up(app, "ann").await;
    let body = json!({"login": "ann", "password": PASSWORD, "refresh_transport": "cookie"});
    let answer = post(app, "/v1/auth/signin", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = cookie_of(&answer);
    (answer, cookie)
}

fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn from_our_page(path: &str, cookie: &str) -> TestRequest {
    request(Method::POST, path)
        .insert_header(("cookie", cookie.to_owned()))
        .insert_header(("host", "chat.example.org"))
        .insert_header(("origin", "https://chat.example.org"))
        .insert_header(("x-natter-csrf", "1"))
}

#[actix_web::test]
async fn the_token_is_in_the_cookie_and_in_no_body() {
    let (app, _around) = start().await;
    let (answer, cookie) = browser_signs_in(&app).await;
    assert!(answer.body.get("refresh_token").is_none());
    let next = ask(&app, from_our_page("/v1/auth/refresh", &cookie)).await;
    assert_eq!(next.status, 200, "{next:?}");
    assert!(next.body.get("refresh_token").is_none());
    assert_ne!(cookie_of(&next), cookie);
    let with_object = from_our_page("/v1/auth/refresh", &cookie_of(&next)).set_json(json!({}));
    assert_eq!(ask(&app, with_object).await.status, 200);
}

#[actix_web::test]
async fn another_page_cannot_use_the_cookie() {
    let (app, _around) = start().await;
    let (answer, cookie) = browser_signs_in(&app).await;
    let bearer = format!("Bearer {}", answer.text("access_token"));
    for path in ["/v1/auth/refresh", "/v1/auth/signout"] {
        let plain = || {
            request(Method::POST, path)
                .insert_header(("cookie", cookie.clone()))
                .insert_header(("authorization", bearer.clone()))
                .insert_header(("host", "chat.example.org"))
        };
        let unguarded = plain().insert_header(("origin", "https://chat.example.org"));
        let answer = ask(&app, unguarded).await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{path}");
        for origin in ["https://evil.example", "null"] {
            let foreign = plain().insert_header(("x-natter-csrf", "1")).insert_header(("origin", origin));
            let answer = ask(&app, foreign).await;
            assert_eq!((answer.status, answer.code()), (403, "bad-origin"), "{path} {origin}");
        }
    }
}

#[actix_web::test]
async fn signing_out_takes_the_cookie_away() {
    let (app, _around) = start().await;
    let (answer, cookie) = browser_signs_in(&app).await;
    let bearer = format!("Bearer {}", answer.text("access_token"));
    let request = from_our_page("/v1/auth/signout", &cookie).insert_header(("authorization", bearer));
    let gone = ask(&app, request).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    assert_eq!(cookie_of(&gone), "__Host-refresh=");
}
