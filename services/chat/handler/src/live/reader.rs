//! Owns what a client sends: hands requests on in order, and does not wait for one before it reads the next.

use std::pin::Pin;
use std::rc::Rc;

use actix_http::ws::Frame;
use contract::frames::{MAX_REQUEST_ID, RawRequest, close};
use contract::problem::{Problem, Slug};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::frame;
use super::incoming::{Fault, Incoming};
use super::outbox::Outbox;
use super::reassembly::{Reassembly, Whole};
use super::requests::refuse;
use super::shard::Shard;
use super::socket::{Ending, Socket};

/// A request that is being answered, or whose answer has something to follow it.
type InFlight = Pin<Box<dyn Future<Output = ()>>>;

/// Codes of RFC 6455, section 7.4.1.
mod standard {
    pub(super) const PROTOCOL_ERROR: u16 = 1002;
    pub(super) const UNSUPPORTED_DATA: u16 = 1003;
    pub(super) const INVALID_PAYLOAD: u16 = 1007;
    pub(super) const TOO_BIG: u16 = 1009;
}

impl Shard {
    /// Greets a socket, reads until it ends, and cleans up after it. `endings` is of before its session was checked.
    pub(super) async fn read(self: Rc<Self>, socket: Rc<Socket>, mut incoming: Incoming, endings: u64) {
        // Whoever was let in just before the server began to stop is sent away like the others.
        socket.is_draining.set(self.live.lifecycle.is_draining());
        if self.greet(&socket, endings).await {
            self.read_requests(&socket, &mut incoming).await;
        }
        leave(&socket.outbox, &mut incoming).await;
        self.remove(&socket);
    }

    async fn read_requests(self: &Rc<Self>, socket: &Rc<Socket>, incoming: &mut Incoming) {
        let mut reassembly = Reassembly::default();
        let mut in_flight = FuturesUnordered::<InFlight>::new();
        while !socket.is_closing() && !socket.is_draining.get() {
            let has_room = in_flight.len() < self.live.settings.max_in_flight;
            let heard = tokio::select! {
                biased;
                () = socket.outbox.gone() => return,
                () = socket.stop.notified() => continue,
                Some(()) = in_flight.next(), if !in_flight.is_empty() => continue,
                heard = incoming.next(), if has_room => heard,
            };
            let Some(text) = self.text_of(socket, heard, &mut reassembly) else { continue };
            let Some(mut request) = self.request(socket, &text) else { continue };
            // Polled once here, so that what it asks for is in line before the next request is looked at.
            if futures_util::poll!(&mut request).is_pending() {
                in_flight.push(request);
            }
        }
        if socket.is_draining.get() {
            let all = async { while in_flight.next().await.is_some() {} };
            let _ = tokio::time::timeout(self.live.settings.drain_within, all).await;
            self.close(socket, &self.drained());
        } else {
            // Whoever sent these has been told goodbye; what they asked for is done all the same.
            let all = async { while in_flight.next().await.is_some() {} };
            let _ = tokio::time::timeout(self.live.settings.close_within, all).await;
        }
    }

    /// Gives the text of a message; deals with everything that is none.
    fn text_of(&self, socket: &Socket, heard: Result<Frame, Fault>, reassembly: &mut Reassembly) -> Option<String> {
        let end = |code, reason| {
            self.close(socket, &Ending::new(code, reason));
            None
        };
        let not_utf8 = || end(standard::INVALID_PAYLOAD, "the text is not UTF-8");
        if !matches!(heard, Err(Fault::Gone)) {
            socket.heard_at.set(Instant::now());
        }
        match heard {
            Ok(Frame::Text(text)) => String::from_utf8(text.into()).map_or_else(|_| not_utf8(), Some),
            Ok(Frame::Continuation(item)) => match reassembly.take(item)? {
                Whole::Text(text) => Some(text),
                Whole::NotUtf8 => not_utf8(),
                Whole::Binary => end(standard::UNSUPPORTED_DATA, "send text frames"),
            },
            Ok(Frame::Binary(_)) => end(standard::UNSUPPORTED_DATA, "send text frames"),
            Ok(Frame::Ping(payload)) => {
                match self.check_pace(socket) {
                    Ok(()) => socket.send(frame::pong(&payload), self.live.settings.close_within),
                    Err(_) => self.count_refusal(socket),
                }
                None
            }
            Ok(Frame::Pong(_)) => None,
            Ok(Frame::Close(reason)) => {
                // The client closes: it gets its own code back, and then the connection ends.
                let code = reason.map_or(1000, |reason| u16::from(reason.code));
                socket.close_by.set(Some(Instant::now() + self.live.settings.close_within));
                socket.outbox.close_with([frame::close(code, "")]);
                socket.outbox.end();
                None
            }
            Err(Fault::Gone) => {
                // Without a word.
                socket.outbox.end();
                socket.close_by.set(Some(Instant::now()));
                None
            }
            Err(Fault::TooLarge) => end(standard::TOO_BIG, "the message is too large"),
            Err(Fault::Broken) => end(standard::PROTOCOL_ERROR, "this is not a WebSocket frame"),
        }
    }

    /// Makes the answer to a text in the making; refuses at once what is no request.
    pub(super) fn request(self: &Rc<Self>, socket: &Rc<Socket>, text: &str) -> Option<InFlight> {
        let Ok(request) = serde_json::from_str::<RawRequest<'_>>(text) else {
            self.close(socket, &Ending::new(close::MALFORMED, "send a JSON object with id and type"));
            return None;
        };
        let mut id = request.id.into_owned();
        if let Err(problem) = self.check_pace(socket) {
            id.truncate(id.floor_char_boundary(MAX_REQUEST_ID));
            refuse(self, socket, &id, problem);
            return None;
        }
        if id.is_empty() || id.chars().count() > MAX_REQUEST_ID {
            id.truncate(id.floor_char_boundary(MAX_REQUEST_ID));
            let problem = Problem::new(Slug::InvalidRequest, "id must have 1 to 64 characters.");
            refuse(self, socket, &id, problem);
            return None;
        }
        if !socket.unanswered.borrow_mut().insert(id.clone()) {
            let problem = Problem::new(Slug::InvalidRequest, "A request with this id is in flight.");
            refuse(self, socket, &id, problem);
            return None;
        }
        let kind = request.kind.into_owned();
        let data = request.data.map_or_else(|| "{}".to_owned(), |data| data.get().to_owned());
        let (shard, socket) = (Rc::clone(self), Rc::clone(socket));
        Some(Box::pin(async move { shard.answer(&socket, &id, &kind, &data).await }))
    }
}

/// Waits for the other side to agree that it is over, so that it gets to read why; not for long: the sweep cuts the connection of
/// a peer that does not let it end.
pub(super) async fn leave(outbox: &Rc<Outbox>, incoming: &mut Incoming) {
    tokio::select! {
        () = outbox.gone() => return,
        () = incoming.goodbye() => {}
    }
    outbox.end();
    outbox.gone().await;
}
