//! Connections that break, servers that hang, and answers that nobody would give.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const KEY: [u8; 32] = [7; 32];

/// What a server does with a connection, once the request's head is there.
#[derive(Clone, Copy)]
enum Act {
    /// Closes it without a word.
    Break,
    /// Says nothing and keeps it.
    Hang,
    /// Answers this status and body.
    Answer(u16, &'static str),
    /// Begins an answer and closes.
    BreakInTheMiddle,
}

struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
    heads: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Server {
    /// Each connection gets the next act; the last one goes on for ever.
    async fn start(acts: &'static [Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, connections: Arc::default(), heads: Arc::default() };
        let (connections, heads) = (Arc::clone(&server.connections), Arc::clone(&server.heads));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let act = acts[number.min(acts.len() - 1)];
                let heads = Arc::clone(&heads);
                tokio::spawn(async move { serve(socket, act, &heads).await });
            }
        });
        server
    }

    fn client(&self) -> AuthClient {
        AuthClient::new(&self.url, KEY).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut socket: TcpStream, act: Act, heads: &std::sync::Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    heads.lock().unwrap().push(String::from_utf8(head).unwrap());
    let answer = match act {
        Act::Break => return,
        Act::Hang => return std::future::pending().await,
        Act::Answer(status, body) => {
            let length = body.len();
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        }
        Act::BreakInTheMiddle => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"profile\":".to_owned(),
    };
    let _ = socket.write_all(answer.as_bytes()).await;
}

const NOBODY: Act = Act::Answer(200, r#"{"profile": null}"#);

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again_once() {
    for first in [Act::Break, Act::BreakInTheMiddle, Act::Answer(502, ""), Act::Answer(504, "")] {
        let acts: &'static [Act] = Box::leak(Box::new([first, NOBODY]));
        let server = Server::start(acts).await;
        assert_eq!(server.client().profile(UserId::new()).await.unwrap(), None);
        assert_eq!(server.connections(), 2);
    }
    let server = Server::start(&[Act::Break]).await;
    let error = server.client().profile(UserId::new()).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable(_)), "{error:?}");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_refusal_and_nonsense_are_no_answers_and_not_repeated() {
    for answer in [Act::Answer(401, "{}"), Act::Answer(404, "{}"), Act::Answer(503, "{}"), Act::Answer(200, "nonsense")]
    {
        let acts: &'static [Act] = Box::leak(Box::new([answer]));
        let server = Server::start(acts).await;
        let error = server.client().profile(UserId::new()).await.unwrap_err();
        assert!(matches!(error, CallError::Refused(_) | CallError::Unreadable(_)), "{error:?}");
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_calls_beyond_the_bound_fail_at_once() {
    let server = Server::start(&[Act::Hang]).await;
    let client = server.client();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..PLACES {
        let client = client.clone();
        calls.spawn(async move { client.jwks().await.unwrap_err() });
    }
    let full = async || (client.inner.places.available_permits() == 0).then_some(());
    testkit::until("all places are taken", full).await;
    assert!(matches!(client.jwks().await, Err(CallError::Busy)));
    for error in calls.join_all().await {
        assert!(matches!(error, CallError::TimedOut), "{error:?}");
    }
}

#[tokio::test]
async fn the_key_goes_where_it_is_needed_and_is_shown_nowhere() {
    let server = Server::start(&[Act::Answer(200, r#"{"sessions": [], "keys": [], "profile": null}"#)]).await;
    let client = server.client();
    client.sessions(&[]).await.unwrap();
    client.profile(UserId::new()).await.unwrap();
    client.jwks().await.unwrap();
    let bearer = ServiceKey::from_bytes(KEY).to_bearer();
    let heads = server.heads.lock().unwrap();
    let with_key: Vec<bool> =
        heads.iter().map(|head| head.contains(&format!("authorization: Bearer {bearer}"))).collect();
    assert_eq!(with_key, [true, true, false]);
    assert!(heads[2].contains("no-cache"), "{}", heads[2]);
    assert!(!format!("{client:?}").contains(&bearer));
}

#[test]
fn an_address_that_is_none_is_refused_by_the_name_of_its_variable() {
    for wrong in ["", "auth:8080", "ftp://auth", "https://auth", "http://", "http://auth/path"] {
        let error = AuthClient::new(wrong, KEY).unwrap_err().to_string();
        assert!(error.contains("AUTH_URL"), "{error}");
    }
    assert!(AuthClient::new("http://auth:8080/", KEY).is_ok());
}
