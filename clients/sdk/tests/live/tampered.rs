//! What a client must do when it is not told everything: through a proxy that changes what the real server says.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use natter_client::contract::frames::{Mode, close};
use natter_client::{Client, Cursors, Ended, LiveOptions, NewMessage, OnResync, RoomId, Status, Update};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::{accept_hdr_async, connect_async};

use crate::person::{Listener, assert_told_from_the_log, hasty, room_of, whole_log};
use crate::server::{Server, remote, somebody};

/// Gives the frames that the client gets for one of the server's.
type Tamper = Box<dyn FnMut(Value) -> Vec<Message> + Send>;

fn text(frame: &Value) -> Message {
    Message::text(frame.to_string())
}

/// Answers a request in the server's place.
type Answer = fn(&Value, usize) -> Option<Value>;

/// Passes on what both say; what the server says on a WebSocket goes through `tamper`. What the client asks for is kept.
pub(crate) struct Proxy {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<Value>>>,
    /// So many calls by REST are refused because the store is away.
    refusing: Arc<AtomicUsize>,
}

impl Proxy {
    /// Changes what the server says.
    async fn before(target: SocketAddr, tamper: impl FnMut(Value) -> Vec<Message> + Send + 'static) -> Self {
        Self::new(target, tamper, |_, _| None).await
    }

    /// Answers some requests itself, by what they are and how many of their kind came before.
    pub(crate) async fn answering(target: SocketAddr, answer: Answer) -> Self {
        Self::new(target, |frame| vec![text(&frame)], answer).await
    }

    async fn new(
        target: SocketAddr,
        tamper: impl FnMut(Value) -> Vec<Message> + Send + 'static,
        answer: Answer,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let tamper: Arc<Mutex<Tamper>> = Arc::new(Mutex::new(Box::new(tamper)));
        let asked = Arc::default();
        let heard = Arc::clone(&asked);
        let refusing = Arc::new(AtomicUsize::new(0));
        let refuses = Arc::clone(&refusing);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let refuses = Arc::clone(&refuses);
                tokio::spawn(pass(near, target, Arc::clone(&tamper), Arc::clone(&heard), answer, refuses));
            }
        });
        Self { addr, asked, refusing }
    }

    /// The same person, through the proxy.
    pub(crate) async fn client(&self, person: &Client) -> Client {
        let mut saved = person.saved().await;
        saved.server = format!("http://{}", self.addr);
        remote(self.addr).resume_saved(saved)
    }

    /// What was asked for, of one kind.
    pub(crate) fn asked(&self, kind: &str) -> Vec<Value> {
        self.asked.lock().unwrap().iter().filter(|request| request["type"] == kind).cloned().collect()
    }
}

const STORE_IS_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 63\r\n\r\n\
    {\"code\": \"storage-unavailable\", \"status\": 503, \"title\": \"Away\"}";

async fn pass(
    mut near: TcpStream,
    target: SocketAddr,
    tamper: Arc<Mutex<Tamper>>,
    asked: Arc<Mutex<Vec<Value>>>,
    answer: Answer,
    refusing: Arc<AtomicUsize>,
) {
    let mut begin = [0; 10];
    while near.peek(&mut begin).await.unwrap_or(begin.len()) < begin.len() {}
    if !begin.starts_with(b"GET /v1/ws") {
        if refusing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            let mut request = [0; 4096];
            let _ = near.read(&mut request).await;
            let _ = near.write_all(STORE_IS_AWAY).await;
            return;
        }
        let Ok(mut far) = TcpStream::connect(target).await else { return };
        let _ = copy_bidirectional(&mut near, &mut far).await;
        return;
    }
    let mut bearer = None;
    let note = |request: &Request, mut response: Response| {
        bearer = request.headers().get("authorization").cloned();
        response.headers_mut().insert("sec-websocket-protocol", "chat.v1".parse().unwrap());
        Ok(response)
    };
    let Ok(mut near) = accept_hdr_async(near, note).await else { return };
    let mut request = format!("ws://{target}/v1/ws").into_client_request().unwrap();
    request.headers_mut().insert("authorization", bearer.unwrap());
    request.headers_mut().insert("sec-websocket-protocol", "chat.v1".parse().unwrap());
    let Ok((mut far, _)) = connect_async(request).await else { return };
    loop {
        tokio::select! {
            said = near.next() => match said {
                Some(Ok(Message::Text(text))) => {
                    let request: Value = serde_json::from_str(&text).unwrap();
                    let before = asked.lock().unwrap().iter().filter(|other| other["type"] == request["type"]).count();
                    let reply = answer(&request, before);
                    asked.lock().unwrap().push(request);
                    let is_sent = match reply {
                        Some(reply) => near.send(Message::text(reply.to_string())).await.is_ok(),
                        None => far.send(Message::Text(text)).await.is_ok(),
                    };
                    if !is_sent { return }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            said = far.next() => match said {
                Some(Ok(Message::Text(frame))) => {
                    let frames = (*tamper.lock().unwrap())(serde_json::from_str(&frame).unwrap());
                    for frame in frames {
                        if near.send(frame).await.is_err() { return }
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

/// Does something once, when a frame is such a one.
fn once(
    is_it: impl Fn(&Value) -> bool + Send + 'static,
    mut tamper: impl FnMut(Value) -> Vec<Message> + Send + 'static,
) -> impl FnMut(Value) -> Vec<Message> + Send + 'static {
    let mut is_done = false;
    move |frame| {
        if !is_done && is_it(&frame) {
            is_done = true;
            return tamper(frame);
        }
        vec![text(&frame)]
    }
}

async fn two_people_and_a_room(server: &Server) -> (Client, Client, RoomId) {
    let (ada, bob) = (somebody(server.addr(), "ada").await, somebody(server.addr(), "bob").await);
    let room = room_of(&[&ada, &bob]).await;
    (ada, bob, room)
}

async fn say(person: &Client, room: RoomId, bodies: impl IntoIterator<Item = String>) {
    // Whoever only sends wants to hear nothing.
    let (live, _) = person.live(hasty());
    let mut last = None;
    for body in bodies {
        last = Some(live.send(NewMessage::new(room, body)).await.unwrap());
    }
    last.unwrap().outcome().await.unwrap();
    live.close().await;
}

fn numbers(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| number.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_not_told_is_fetched_and_one_that_is_told_twice_is_told_once() {
    let server = Server::start(&[]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let mut count = 0;
    let proxy = Proxy::before(server.addr(), move |frame| {
        if frame["type"] != "message.created" {
            return vec![text(&frame)];
        }
        count += 1;
        match count % 5 {
            0 => vec![],
            1 => vec![text(&frame), text(&frame)],
            _ => vec![text(&frame)],
        }
    });
    let proxy = proxy.await;
    let mut listener = Listener::ready(&proxy.client(&bob).await, hasty()).await;
    say(&ada, room, numbers(0..48)).await;
    listener.until_body(room, "47").await;
    assert_told_from_the_log(&listener.events(room), &whole_log(&ada, room).await);
    assert_eq!(listener.bodies(room).len(), 48);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_long_absence_everything_is_fetched_or_skipped_as_its_owner_wants() {
    let server = Server::start(&[("CHAT_MAX_REPLAY_EVENTS", "20")]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let first = Listener::ready(&bob, hasty()).await;
    let from = bob.room(room).await.unwrap().room.head_seq;
    first.live.close().await;
    say(&ada, room, numbers(0..450)).await;
    let cursors = Cursors { epoch: None, rooms: [(room, from)].into() };
    let mut all = Listener::ready(&bob, LiveOptions { cursors: cursors.clone(), ..hasty() }).await;
    assert_eq!(all.bodies(room), numbers(0..450).collect::<Vec<_>>());
    let options = LiveOptions { cursors, on_resync: OnResync::Skip, ..hasty() };
    let mut latest = Listener::ready(&bob, options).await;
    let skipped = latest.seen.iter().find_map(|update| match update {
        Update::Skipped { room_id, from, to } if *room_id == room => Some((*from, *to)),
        _ => None,
    });
    assert_eq!(skipped, Some((from + 1, from + 450)));
    say(&ada, room, ["next".to_owned()]).await;
    all.until_body(room, "next").await;
    latest.until_body(room, "next").await;
    assert_eq!(latest.bodies(room), ["next"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_history_resets_the_room() {
    let server = Server::start(&[]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let cursors = Cursors { epoch: Some("of a store before the backup".to_owned()), rooms: [(room, 1)].into() };
    let mut listener = Listener::ready(&bob, LiveOptions { cursors, ..hasty() }).await;
    let is_reset =
        |update: &Update| matches!(update, Update::Room(entry) if entry.room.id == room && entry.mode == Mode::Reset);
    assert!(listener.seen.iter().any(is_reset));
    say(&ada, room, ["hello".to_owned()]).await;
    listener.until_body(room, "hello").await;
    assert_eq!(listener.bodies(room), ["hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_refused_for_now_is_asked_for_again_on_the_same_socket() {
    let server = Server::start(&[]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let proxy = Proxy::answering(server.addr(), |request, before| {
        let error = json!({"type": "/problems/storage-unavailable", "title": "Away", "status": 503, "detail": "Soon.",
            "code": "storage-unavailable", "retry_after_ms": 50});
        (request["type"] == "start" && before == 0)
            .then(|| json!({"reply_to": request["id"], "ok": false, "error": error}))
    });
    let proxy = proxy.await;
    let mut listener = Listener::ready(&proxy.client(&bob).await, hasty()).await;
    say(&ada, room, ["hello".to_owned()]).await;
    listener.until_body(room, "hello").await;
    assert_eq!(proxy.asked("start").len(), 2);
    assert!(!listener.seen.iter().any(|update| matches!(update, Update::Status(Status::Waiting { .. }))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_refused_for_now_is_asked_for_again_and_the_socket_stays() {
    let server = Server::start(&[("CHAT_MAX_REPLAY_EVENTS", "20")]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let from = bob.room(room).await.unwrap().room.head_seq;
    say(&ada, room, numbers(0..50)).await;
    let proxy = Proxy::answering(server.addr(), |_, _| None).await;
    // More than one call tries.
    proxy.refusing.store(6, Ordering::SeqCst);
    let cursors = Cursors { epoch: None, rooms: [(room, from)].into() };
    let listener = Listener::ready(&proxy.client(&bob).await, LiveOptions { cursors, ..hasty() }).await;
    assert_eq!(listener.bodies(room), numbers(0..50).collect::<Vec<_>>());
    assert_eq!(proxy.refusing.load(Ordering::SeqCst), 0);
    assert!(!listener.seen.iter().any(|update| matches!(update, Update::Status(Status::Waiting { .. }))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_says_when_to_come_back_and_a_code_whether() {
    let server = Server::start(&[]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let goodbye = |_| {
        let data = json!({"code": 4400, "reason": "so long", "resumable": true, "retry_after_ms": 77});
        vec![text(&json!({"type": "goodbye", "data": data})), Message::Close(None)]
    };
    let is_hello = |frame: &Value| frame["data"]["body"] == "hello";
    let proxy = Proxy::before(server.addr(), once(is_hello, goodbye)).await;
    let mut listener = Listener::ready(&proxy.client(&bob).await, hasty()).await;
    say(&ada, room, ["hello".to_owned()]).await;
    listener.until_body(room, "hello").await;
    let waits = listener.seen.iter().find_map(|update| match update {
        Update::Status(Status::Waiting { retry_in, why }) => Some((retry_in.as_millis(), why.clone())),
        _ => None,
    });
    assert_eq!(waits, Some((77, "so long".to_owned())));
    let closed = |_| {
        vec![
            text(&json!({"type": "goodbye", "data": {"code": close::TOO_MANY_CONNECTIONS,
        "reason": "too many", "resumable": false, "retry_after_ms": null}})),
            Message::Close(None),
        ]
    };
    let proxy = Proxy::before(server.addr(), once(|frame| frame["type"] == "ready", closed)).await;
    let mut listener = Listener::new(&proxy.client(&bob).await, hasty());
    let is_over =
        |update: &Update| matches!(update, Update::Status(Status::Ended(Ended::Refused(why))) if why == "too many");
    listener.until("the end", is_over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_server_says_does_no_harm() {
    let server = Server::start(&[]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let add = |mut frame: Value| {
        frame["new_field"] = json!({"deep": [1, 2]});
        if frame["type"] == "message.created" && frame["data"]["body"] == "a poll" {
            frame["type"] = json!("poll.opened");
        }
        vec![text(&frame), text(&json!({"type": "weather.changed", "data": {}}))]
    };
    let proxy = Proxy::before(server.addr(), add).await;
    let mut listener = Listener::ready(&proxy.client(&bob).await, hasty()).await;
    say(&ada, room, ["one", "a poll", "two"].map(str::to_owned)).await;
    listener.until_body(room, "two").await;
    let kinds: Vec<String> = listener.events(room).into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["message.created", "poll.opened", "message.created"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_does_not_offer_yet_is_asked_for_as_the_protocol_says() {
    let server = Server::start(&[]).await;
    let (ada, _, room) = two_people_and_a_room(&server).await;
    // Stands in for a server that can do it.
    let proxy = Proxy::answering(server.addr(), |request, _| {
        let kind = request["type"].as_str().unwrap();
        let is_new = kind.starts_with("reaction.") || matches!(kind, "message.edit" | "message.delete");
        is_new.then(|| json!({"reply_to": request["id"], "ok": true, "data": {"seq": 9}}))
    });
    let proxy = proxy.await;
    let listener = Listener::ready(&proxy.client(&ada).await, hasty()).await;
    let sent = listener.live.send(NewMessage::new(room, "helo")).await.unwrap().outcome().await.unwrap();
    listener.live.edit(room, sent.message_id, "hello").await.unwrap();
    listener.live.react(room, sent.message_id, "👍", true).await.unwrap();
    listener.live.react(room, sent.message_id, "👍", false).await.unwrap();
    listener.live.delete(room, sent.message_id).await.unwrap();
    let data = |kind: &str| proxy.asked(kind)[0]["data"].clone();
    let message = json!({"room_id": room, "message_id": sent.message_id});
    let with = |name: &str, value: &str| {
        let mut data = message.clone();
        data[name] = json!(value);
        data
    };
    assert_eq!(data("message.edit"), with("body", "hello"));
    assert_eq!(data("reaction.add"), with("emoji", "👍"));
    assert_eq!(data("reaction.remove"), with("emoji", "👍"));
    assert_eq!(data("message.delete"), message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_server_fails_on_does_not_hold_up_the_others_for_ever() {
    let server = Server::start(&[]).await;
    let (ada, _, room) = two_people_and_a_room(&server).await;
    let proxy = Proxy::answering(server.addr(), |request, _| {
        let error = json!({"title": "Oops", "status": 500, "code": "internal", "retry_after_ms": 10});
        (request["data"]["body"] == "poison").then(|| json!({"reply_to": request["id"], "ok": false, "error": error}))
    });
    let proxy = proxy.await;
    let listener = Listener::ready(&proxy.client(&ada).await, hasty()).await;
    let poison = listener.live.send(NewMessage::new(room, "poison")).await.unwrap();
    let after = listener.live.send(NewMessage::new(room, "after")).await.unwrap();
    assert_eq!(poison.outcome().await.unwrap_err().code(), "internal");
    after.outcome().await.unwrap();
    // Once more, and later, as the protocol says.
    assert_eq!(proxy.asked("message.send").iter().filter(|request| request["data"]["body"] == "poison").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_of_a_later_server_is_left_out_and_the_others_are_there() {
    let server = Server::start(&[]).await;
    let (ada, bob, room) = two_people_and_a_room(&server).await;
    let change = move |mut frame: Value| {
        let entries = frame.pointer_mut("/data/rooms").and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten().filter(|entry| entry["room"]["id"] != room.to_string()) {
            entry["role"] = json!("guest of honour");
        }
        vec![text(&frame)]
    };
    let proxy = Proxy::before(server.addr(), change).await;
    let mut listener = Listener::ready(&proxy.client(&bob).await, hasty()).await;
    let rooms = listener.seen.iter().filter(|update| matches!(update, Update::Room(_))).count();
    assert_eq!(rooms, 1);
    say(&ada, room, ["hello".to_owned()]).await;
    listener.until_body(room, "hello").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_tried_again_whatever_was_refused_before_and_an_unknown_outcome_until_it_is_known() {
    let server = Server::start(&[]).await;
    let (ada, _, room) = two_people_and_a_room(&server).await;
    let proxy = Proxy::answering(server.addr(), |request, before| {
        let refusal = |status, code, definite| json!({"title": "No", "status": status, "code": code, "retry_after_ms": 10, "definite": definite});
        let error = match before {
            0 => refusal(429, "rate-limited", Value::Null),
            1 => refusal(500, "internal", Value::Null),
            // Nobody knows whether it is there: to say that it is not would be an invention.
            2 | 3 => refusal(500, "internal", json!(false)),
            _ => return None,
        };
        (request["type"] == "message.send").then(|| json!({"reply_to": request["id"], "ok": false, "error": error}))
    });
    let proxy = proxy.await;
    let listener = Listener::ready(&proxy.client(&ada).await, hasty()).await;
    let sending = listener.live.send(NewMessage::new(room, "hello")).await.unwrap();
    sending.outcome().await.unwrap();
    assert_eq!(proxy.asked("message.send").len(), 5);
}
