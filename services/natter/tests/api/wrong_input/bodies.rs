//! Bodies that are no JSON, of the wrong type, shape or size, or with values that will not do.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use testkit::Answer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Scene;
use super::endpoints::{Body, ENDPOINTS, Endpoint};

async fn send(scene: &Scene, endpoint: &Endpoint, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let mut request = endpoint.request(scene).body(body.into());
    if !content_type.is_empty() {
        request = request.header(CONTENT_TYPE, content_type);
    }
    scene.server.rest.send(request).await
}

async fn send_json(scene: &Scene, endpoint: &Endpoint, body: &Value) -> Answer {
    send(scene, endpoint, "application/json", body.to_string()).await
}

fn taking(body: Body) -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(move |endpoint| endpoint.body == body)
}

fn of_path(path: &str) -> &'static Endpoint {
    taking(Body::Json).find(|endpoint| endpoint.path == path).unwrap()
}

/// The places that a problem names.
fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let scene = Scene::open().await;
    let deep = format!("{}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for endpoint in taking(Body::Json) {
        let good = endpoint.good_body(&scene).to_string();
        let twice = format!("{good}{good}");
        for body in ["", " ", "{", "nonsense", "{'a':1}", "\u{feff}{}", &good[..good.len() - 1], &twice, &deep] {
            let answer = send(&scene, endpoint, "application/json", body).await;
            assert!(answer.status == 400 || (body == deep && answer.status == 422), "{endpoint:?} {}", answer.text);
            let (status, code) =
                if answer.status == 400 { (400, "invalid-request") } else { (422, "validation-failed") };
            answer.problem(status, code);
        }
        let broken = [good.as_bytes(), b"\xff"].concat();
        for body in [&broken[..], b"\xff\xfe", b"{\"\xc3\x28\":1}", b"\"\xed\xa0\x80\""] {
            let answer = send(&scene, endpoint, "application/json", body).await;
            assert!(matches!(answer.status, 400 | 422), "{endpoint:?} {body:?}: {}", answer.text);
        }
    }
    for endpoint in taking(Body::Empty) {
        for body in [&b"{"[..], b"nonsense", b"\xff", b"{}{}"] {
            send(&scene, endpoint, "application/json", body).await.problem(400, "invalid-request");
        }
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let scene = Scene::open().await;
    for endpoint in taking(Body::Json) {
        let good = endpoint.good_body(&scene).to_string();
        for content_type in
            ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "json"]
        {
            send(&scene, endpoint, content_type, good.clone()).await.problem(415, "unsupported-media-type");
        }
    }
    scene.check_unharmed().await;
    for content_type in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"] {
        let endpoint = of_path("/v1/rooms/{room}/read");
        send(&scene, endpoint, content_type, r#"{"seq": 1}"#).await.expect(200);
    }
}

#[tokio::test]
async fn a_body_of_another_shape_is_refused_with_the_place() {
    let scene = Scene::open().await;
    for endpoint in taking(Body::Json) {
        let good = endpoint.good_body(&scene);
        let mut surplus = good.clone();
        surplus["surplus"] = json!(1);
        let refused = send_json(&scene, endpoint, &surplus).await.problem(422, "validation-failed");
        assert_eq!(pointers(&refused), ["/surplus"], "{endpoint:?}");
        for (field, value) in good.as_object().unwrap() {
            let mut mistyped = good.clone();
            mistyped[field] = if value.is_string() { json!(17) } else { json!("17") };
            let refused = send_json(&scene, endpoint, &mistyped).await.problem(422, "validation-failed");
            assert_eq!(pointers(&refused), [format!("/{field}")], "{endpoint:?}");
            let twice = good.to_string().replacen('{', &format!("{{\"{field}\":{value},"), 1);
            send(&scene, endpoint, "application/json", twice).await.problem(422, "validation-failed");
            if !matches!(field.as_str(), "display_name" | "device") {
                let mut missing = good.clone();
                missing.as_object_mut().unwrap().remove(field);
                let refused = send_json(&scene, endpoint, &missing).await.problem(422, "validation-failed");
                assert!(refused["detail"].as_str().unwrap().contains(field.as_str()), "{endpoint:?} {refused}");
            }
        }
        for other in [json!([]), json!(null), json!("text"), json!(1), json!([good])] {
            send_json(&scene, endpoint, &other).await.problem(422, "validation-failed");
        }
    }
    for endpoint in taking(Body::Empty) {
        for body in [json!({"surplus": 1}), json!([1]), json!(null), json!("text")] {
            send_json(&scene, endpoint, &body).await.problem(422, "validation-failed");
        }
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_value_that_will_not_do_is_refused_by_its_field() {
    let scene = Scene::open().await;
    let long = |length: usize| json!("x".repeat(length));
    let too_much = json!({"k": "x".repeat(4_096)});
    let elsewhere = json!(uuid::Uuid::now_v7());
    let (signup, signin) = ("/v1/auth/signup", "/v1/auth/signin");
    let (rooms, messages) = ("/v1/rooms", "/v1/rooms/{room}/messages");
    let cases: &[(&str, &str, &[Value])] = &[
        (signup, "username", &[json!(""), json!("ab"), long(33), json!("a b c"), json!("ädä"), json!("abc\0")]),
        (signup, "email", &[json!(""), json!("nobody"), json!("a@"), json!(format!("a@{}.org", "x".repeat(250)))]),
        (signup, "password", &[json!(""), json!("short"), long(129), json!("password"), json!("newcomer")]),
        (signup, "display_name", &[json!(""), json!(" "), long(65), json!("a\nb")]),
        (signin, "device", &[long(101)]),
        (signin, "password", &[long(5_000)]),
        (
            rooms,
            "name",
            &[json!(""), json!(" "), long(65), json!("two words"), json!("a/b"), json!("a\0"), json!("#a")],
        ),
        (rooms, "kind", &[json!("direct"), json!("Public"), json!("")]),
        (rooms, "title", &[long(201), json!("a\nb"), json!("a\0")]),
        (rooms, "topic", &[long(1_001), json!("a\0")]),
        (rooms, "metadata", &[json!([]), json!("text"), too_much]),
        (messages, "body", &[json!(""), json!(" \n\t"), json!("\u{200b}"), long(8_001), json!("a\0b")]),
        (messages, "client_msg_id", &[json!(""), json!("1"), json!("not-a-uuid"), json!(null)]),
        (messages, "format", &[json!("html"), json!(""), json!(null)]),
        (messages, "reply_to", &[json!("x"), elsewhere]),
        (messages, "attachments", &[json!([1]), json!({}), json!(["x"])]),
        ("/v1/rooms/{room}/read", "seq", &[json!(-1), json!(1.5), json!(null), json!(1e30), json!(true)]),
    ];
    for (path, field, values) in cases {
        let endpoint = of_path(path);
        for value in *values {
            let mut body = endpoint.good_body(&scene);
            body[*field] = value.clone();
            let refused = send_json(&scene, endpoint, &body).await.problem(422, "validation-failed");
            let named = pointers(&refused);
            let expected = format!("/{field}");
            assert!(named.iter().all(|pointer| pointer.starts_with(&expected)), "{path} {field} {value}: {refused}");
        }
    }
    let mut many = of_path(signup).good_body(&scene);
    for field in ["username", "email", "password", "display_name"] {
        many[field] = json!("");
    }
    let refused = send_json(&scene, of_path(signup), &many).await.problem(422, "validation-failed");
    assert_eq!(pointers(&refused), ["/username", "/email", "/password", "/display_name"], "all at once");
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_is_sent() {
    let scene = Scene::open().await;
    for endpoint in taking(Body::Json).chain(taking(Body::Empty)) {
        let too_long = format!("{{\"k\":\"{}\"}}", "x".repeat(128 * 1024));
        send(&scene, endpoint, "application/json", too_long).await.problem(413, "payload-too-large");
    }
    // In chunks, without a length said before.
    let mut stream = TcpStream::connect(scene.server.rest.addr()).await.unwrap();
    let head = format!(
        "POST /v1/rooms HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        scene.ada.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    for _ in 0..5 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 12];
    let read = tokio::time::timeout(testkit::PATIENCE, stream.read_exact(&mut answer));
    read.await.expect("it is refused before its end").unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413");
    scene.check_unharmed().await;
}
