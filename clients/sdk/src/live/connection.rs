//! One WebSocket, from the handshake to its end.

use std::collections::HashMap;
use std::time::Duration;

use contract::auth::Secret;
use contract::frames::{Goodbye, Hello, SUBPROTOCOL};
use futures_util::{SinkExt, StreamExt};
use kernel::{RoomId, Timestamp};
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use uuid::Uuid;

use super::command::Answer;
use super::incoming::Incoming;
use super::parting::Parting;
use crate::Error;
use crate::http::{Http, refusal};
use crate::session::Session;

/// For the handshake and the first frame.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// For writing a frame; a peer that takes none for so long is as good as gone.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// For the peer's half of closing.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Silence beyond one heartbeat after which the server is taken for gone: its own measure for us.
const SILENCE_GRACE: Duration = Duration::from_secs(10);
/// Bytes of a server's frame: the protocol's limit.
const MAX_FRAME: usize = 1024 * 1024;
/// The session is renewed when less than this is left of its token, or a third of its life if that is shorter.
const RENEW_AHEAD: Duration = Duration::from_secs(60);

/// What a reply is awaited for.
pub(super) enum Asked {
    Start,
    /// With this token.
    Renew(Secret),
    Message(RoomId, Uuid),
    Request(Answer),
}

/// One WebSocket.
pub(super) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(super) hello: Hello,
    /// The one that the server knows it by.
    pub(super) token: Secret,
    opened_at: Instant,
    heard_at: Instant,
    /// When the session must be renewed.
    pub(super) renew_at: Instant,
    next_id: u64,
    /// By the request's number, with the time by which the reply must be there.
    in_flight: HashMap<u64, (Asked, Instant)>,
    reply_within: Duration,
    goodbye: Option<Goodbye>,
}

impl Connection {
    /// Opens a socket and waits for `hello`.
    pub(super) async fn open(session: &Session, reply_within: Duration) -> Result<Self, Parting> {
        let token = session.access_token().await.map_err(|error| Parting::by_error(&error))?;
        let opening = open(session.http(), &token);
        let opened = timeout(CONNECT_WITHIN, opening).await;
        let (socket, hello) = opened.unwrap_or_else(|_| Err(Parting::lost("the server does not answer")))?;
        let now = Instant::now();
        let mut connection = Self {
            socket,
            renew_at: now,
            hello,
            token,
            opened_at: now,
            heard_at: now,
            next_id: 0,
            in_flight: HashMap::new(),
            reply_within,
            goodbye: None,
        };
        connection.token_ends_at(connection.hello.token_expires_at);
        Ok(connection)
    }

    /// Notes when the socket's token ends, by the server's clock.
    pub(super) fn token_ends_at(&mut self, end: Timestamp) {
        let now = Instant::now();
        let left = end.since(self.hello.server_time).saturating_sub(now - self.opened_at);
        self.renew_at = now + left.saturating_sub(RENEW_AHEAD.min(left / 3));
    }

    /// How many requests are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many may be: half of what the server takes, so that it never stops reading.
    pub(super) fn max_in_flight(&self) -> usize {
        usize::try_from(self.hello.limits.max_in_flight / 2).unwrap_or(usize::MAX).max(1)
    }

    /// Sends a request. The frame that is too long is given back: nothing was sent.
    pub(super) async fn ask(
        &mut self,
        kind: &str,
        data: &impl Serialize,
        asked: Asked,
    ) -> Result<Result<(), (Asked, Error)>, Parting> {
        let id = self.next_id;
        let text = json!({"id": id.to_string(), "type": kind, "data": data}).to_string();
        let limit = self.hello.limits.max_frame_bytes;
        if text.len() as u64 > limit {
            let error = Error::Invalid(format!("it is too long: {} bytes of at most {limit}", text.len()));
            return Ok(Err((asked, error)));
        }
        self.next_id += 1;
        self.in_flight.insert(id, (asked, Instant::now() + self.reply_within));
        match timeout(WRITE_WITHIN, self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(Ok(())),
            // A close frame with the reason may be there to be read.
            Ok(Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::Protocol(_))) => Ok(Ok(())),
            Ok(Err(error)) => Err(Parting::lost(error.to_string())),
            Err(_) => Err(Parting::lost("the server takes nothing")),
        }
    }

    /// What a reply was awaited for.
    pub(super) fn answered(&mut self, reply_to: &str) -> Option<Asked> {
        self.in_flight.remove(&reply_to.parse().ok()?).map(|(asked, _)| asked)
    }

    /// Everything that will not be answered any more.
    pub(super) fn unanswered(&mut self) -> impl Iterator<Item = Asked> {
        self.in_flight.drain().map(|(_, (asked, _))| asked)
    }

    /// When something must have happened.
    pub(super) fn deadline(&self) -> Instant {
        let silence = Duration::from_millis(self.hello.heartbeat_ms) + SILENCE_GRACE;
        let replies = self.in_flight.values().map(|(_, by)| *by);
        replies.min().unwrap_or(self.heard_at + silence).min(self.heard_at + silence)
    }

    /// Nothing is read for now, because nobody takes what was read: that nothing comes says nothing about the server.
    pub(super) fn is_not_read(&mut self) {
        let now = Instant::now();
        self.heard_at = now;
        for (_, by) in self.in_flight.values_mut() {
            *by = now + self.reply_within;
        }
    }

    /// The next frame; pings are answered on the way.
    pub(super) async fn next(&mut self) -> Result<Incoming, Parting> {
        loop {
            let next = self.socket.next().await;
            self.heard_at = Instant::now();
            match next {
                Some(Ok(Message::Text(text))) => match Incoming::read(&text) {
                    Ok(Incoming::Goodbye(goodbye)) => self.goodbye = Some(goodbye),
                    Ok(frame) => return Ok(frame),
                    Err(error) => return Err(Parting::lost(error.to_string())),
                },
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.as_ref().map(|frame| frame.code.into());
                    let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                    return Err(Parting::by_code(code, &reason, self.goodbye.as_ref()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let why = if self.goodbye.is_some() { String::new() } else { error.to_string() };
                    return Err(Parting::by_code(None, &why, self.goodbye.as_ref()));
                }
                None => return Err(Parting::by_code(None, "", self.goodbye.as_ref())),
            }
        }
    }

    /// Closes the socket in the proper way.
    pub(super) async fn close(mut self) {
        let closing = async {
            if self.socket.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        let _ = timeout(CLOSE_WITHIN, closing).await;
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(http: &Http, token: &Secret) -> Result<(Socket, Hello), Parting> {
    let invalid = |error: String| Parting::by_error(&Error::Invalid(error));
    let url = http.address.socket();
    let mut request = url.into_client_request().map_err(|error| invalid(error.to_string()))?;
    let bearer = format!("Bearer {}", token.expose());
    let mut bearer = HeaderValue::from_str(&bearer).map_err(|error| invalid(error.to_string()))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert("authorization", bearer);
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let limits = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
    let connector = http.tls.as_ref().map_or(Connector::Plain, |tls| Connector::Rustls(tls.clone()));
    let connecting = connect_async_tls_with_config(request, Some(limits), true, Some(connector));
    let (mut socket, _) = connecting.await.map_err(|error| handshake_failed(http, &error))?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => match Incoming::read(&text) {
                Ok(Incoming::Hello(hello)) => return Ok((socket, *hello)),
                Ok(Incoming::Goodbye(goodbye)) => return Err(Parting::by_code(None, "", Some(&goodbye))),
                _ => return Err(Parting::lost("the first frame is not of this protocol")),
            },
            Some(Ok(Message::Close(frame))) => {
                let reason = frame.as_ref().map(|frame| frame.reason.to_string()).unwrap_or_default();
                return Err(Parting::by_code(frame.map(|frame| frame.code.into()), &reason, None));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Parting::lost(error.to_string())),
            None => return Err(Parting::lost("the connection was lost")),
        }
    }
}

fn handshake_failed(http: &Http, error: &tungstenite::Error) -> Parting {
    let tungstenite::Error::Http(response) = error else {
        return Parting::lost(format!("{} cannot be reached: {}", http.address, crate::http::innermost(error)));
    };
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.body().as_deref().unwrap_or_default();
    let refusal = refusal(response.status().as_u16(), &String::from_utf8_lossy(body), retry_after);
    Parting::by_refusal(&refusal)
}
