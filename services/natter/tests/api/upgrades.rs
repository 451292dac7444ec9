//! Requests that ask to leave HTTP: those that may, and those that get an answer like any other.

use serde_json::json;
use testkit::PATIENCE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::Server;

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: chat.v1\r\n";

/// Sends this and gives all that comes, up to the end or to where it has this in it.
async fn answer(server: &Server, request: &[u8], until: &str) -> String {
    let mut stream = TcpStream::connect(server.rest.addr()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(until) || until.is_empty() {
        if timeout(PATIENCE, stream.read_buf(&mut all)).await.expect("the server answers or ends").unwrap() == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn what_a_client_sends_along_with_its_handshake_is_heard() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let head = format!("GET /v1/ws HTTP/1.1\r\nhost: natter\r\n{UPGRADE}authorization: Bearer {}\r\n\r\n", ada.token);
    let ping = json!({"id": "early", "type": "ping"}).to_string();
    // A mask of zeros changes nothing.
    let header = [0x81, 0x80 | u8::try_from(ping.len()).unwrap(), 0, 0, 0, 0];
    let request = [head.as_bytes(), &header, ping.as_bytes()].concat();
    let all = answer(&server, &request, r#""reply_to":"early""#).await;
    assert!(all.starts_with("HTTP/1.1 101 "), "{all}");
    let (hello, reply) = (all.find(r#""type":"hello""#), all.find(r#""reply_to":"early""#));
    assert!(hello.is_some() && hello < reply, "{all}");
}

#[tokio::test]
async fn a_request_to_upgrade_something_else_is_answered_like_any_other_and_its_connection_ends() {
    let server = Server::start(&[]).await;
    for (request, status, body) in [
        ("GET /healthz", 200, r#"{"status":"#),
        ("GET /v1/nothing", 404, r#""code":"not-found""#),
        ("GET /v1/ws", 401, r#""code":"token-invalid""#),
        ("HEAD /healthz", 200, "content-length: "),
    ] {
        let all = answer(&server, format!("{request} HTTP/1.1\r\nhost: natter\r\n{UPGRADE}\r\n").as_bytes(), "").await;
        assert!(all.starts_with(&format!("HTTP/1.1 {status} ")) && all.contains(body), "{request}: {all}");
        assert!(all.contains("connection: close"), "{request}: {all}");
        assert_eq!(all.ends_with("\r\n\r\n"), request.starts_with("HEAD"), "{request}: {all}");
    }
}

#[tokio::test]
async fn a_body_does_not_go_with_a_request_to_upgrade() {
    let server = Server::start(&[]).await;
    let body = json!({"login": "nobody", "password": "wrong wrong wrong"}).to_string();
    let head = format!(
        "POST /v1/auth/signin HTTP/1.1\r\nhost: natter\r\n{UPGRADE}content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let all = answer(&server, &[head.as_bytes(), body.as_bytes()].concat(), r#""code":"#).await;
    assert!(all.starts_with("HTTP/1.1 400 ") && all.contains("A handshake is a GET"), "{all}");
}
