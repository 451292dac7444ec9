//! People who use the WebSocket.

use std::collections::VecDeque;
use std::net::SocketAddr;

use contract::frames::{SUBPROTOCOL, TICKET_PREFIX};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

use crate::PATIENCE;

/// One open WebSocket.
pub struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Events that came while something else was waited for.
    early: VecDeque<Value>,
    next_id: u64,
    /// The first frame.
    pub hello: Value,
    /// The rooms of the reply to `start`.
    pub rooms: Vec<Value>,
}

/// How a socket ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    /// The close frame's code; 1006 when there was none.
    pub code: u16,
    /// The `goodbye` before it.
    pub goodbye: Option<Value>,
}

impl Live {
    /// Opens a socket with an access token and waits for `hello`.
    pub async fn connect(addr: SocketAddr, token: &str) -> Result<Self, Error> {
        Self::open(
            addr,
            &[("authorization", format!("Bearer {token}")), ("sec-websocket-protocol", SUBPROTOCOL.into())],
        )
        .await
    }

    /// Opens a socket with a ticket, as a page does, and waits for the first frame.
    pub async fn with_ticket(addr: SocketAddr, ticket: &str, origin: &str) -> Result<Self, Error> {
        let protocols = format!("{SUBPROTOCOL}, {TICKET_PREFIX}{ticket}");
        Self::open(addr, &[("origin", origin.to_owned()), ("sec-websocket-protocol", protocols)]).await
    }

    /// Opens a socket with these headers and waits for the first frame.
    pub async fn open(addr: SocketAddr, headers: &[(&'static str, String)]) -> Result<Self, Error> {
        let mut request = format!("ws://{addr}/v1/ws").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        let mut live = Self { socket, early: VecDeque::new(), next_id: 0, hello: Value::Null, rooms: Vec::new() };
        live.hello = live.frame().await.unwrap_or(Value::Null);
        Ok(live)
    }

    /// The next frame, pings aside; `None` when the socket has ended.
    async fn frame(&mut self) -> Option<Value> {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await.expect("a frame comes in time");
            match next? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("frames are JSON")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next frame, replies included; `None` when the socket has ended.
    pub async fn try_frame(&mut self) -> Option<Value> {
        match self.early.pop_front() {
            Some(frame) => Some(frame),
            None => self.frame().await,
        }
    }

    /// Sends a request and does not wait; gives its id.
    pub async fn send(&mut self, kind: &str, data: Value) -> String {
        self.next_id += 1;
        let id = self.next_id.to_string();
        self.send_raw(json!({"id": id, "type": kind, "data": data}).to_string()).await;
        id
    }

    /// Sends a text frame as it is.
    pub async fn send_raw(&mut self, text: String) {
        // A socket that the server closes may be gone by now; whoever waits for an answer finds out.
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Sends any frame as it is.
    pub async fn send_message(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// Waits for the reply to a request. Events that come before it are kept.
    pub async fn reply(&mut self, id: &str) -> Value {
        loop {
            let frame = self.frame().await.expect("the socket is open until the reply");
            if frame["reply_to"] == id {
                return frame;
            }
            self.early.push_back(frame);
        }
    }

    /// Sends a request and waits for its reply.
    pub async fn ask(&mut self, kind: &str, data: Value) -> Value {
        let id = self.send(kind, data).await;
        self.reply(&id).await
    }

    /// Sends a message and waits for the reply.
    pub async fn say(&mut self, room: &str, body: &str) -> Value {
        self.ask("message.send", json!({"room_id": room, "body": body, "client_msg_id": Uuid::new_v4()})).await
    }

    /// The next event, of whatever kind.
    pub async fn any_event(&mut self) -> Value {
        if let Some(event) = self.early.pop_front() {
            return event;
        }
        self.frame().await.expect("the socket is open until the event")
    }

    /// The next event of a kind; other events, and replies, are thrown away.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let event = self.any_event().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The room of the reply to `start`.
    pub fn started(&self, room: &str) -> &Value {
        self.rooms.iter().find(|entry| entry["room"]["id"] == room).expect("the room is in the reply to start")
    }

    /// Waits for the end and says how it came.
    pub async fn closed(mut self) -> Closed {
        let mut goodbye = self.early.drain(..).rfind(|frame| frame["type"] == "goodbye");
        if self.hello["type"] == "goodbye" {
            goodbye = Some(self.hello.clone());
        }
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await.expect("the end comes in time");
            match next {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["type"] == "goodbye" {
                        goodbye = Some(frame);
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(1005, |CloseFrame { code, .. }| code.into());
                    // The other side ends the connection once it has our answer.
                    while let Some(Ok(_)) = self.socket.next().await {}
                    return Closed { code, goodbye };
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Closed { code: 1006, goodbye },
            }
        }
    }

    /// Closes the socket in the proper way.
    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}
