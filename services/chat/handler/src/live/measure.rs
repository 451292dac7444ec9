//! A door for `tools/cost`, which measures the parts that each message and each delivery pass through: they are private, and
//! the product has no use for it, so it is there only with the feature `measure`.
//!
//! A [`Hub`] is a worker's hub without its tasks. Nothing moves unless it is told to, so that each step can be measured alone.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_http::ws::Frame;
use bytes::Bytes;
use chat_entity::{Draft, Event, Room};
use chat_usecase::ChatRules;
use contract::frames::{RawRequest, SendMessage};
use kernel::Principal;

use super::envelope;
use super::fanout::{Inbox, Note};
use super::incoming::Frames;
use super::joined::joined;
use super::outbox::Outbox;
use super::shard::{Live, Shard};
use super::socket::{Phase, Socket};
use super::upgrade::new_socket;
use crate::request;

/// The hub of one worker, one room, and the sockets that follow it.
pub struct Hub {
    shard: Rc<Shard>,
    inbox: RefCell<Inbox>,
    sockets: Vec<Rc<Socket>>,
}

impl Hub {
    /// A hub that the fan-out knows, with a started socket for each of these users, which has everything of the room up to
    /// its head.
    ///
    /// # Panics
    /// When the fan-out has more shards than it can tell apart.
    pub fn following(live: Arc<Live>, room: &Room, users: Vec<Principal>) -> Self {
        let inbox = live.fanout.add_shard().expect("the fan-out takes one more shard");
        let shard = Shard::new(live);
        // The first of its life: nobody has set it before.
        let _ = shard.number.set(inbox.number);
        let mut sockets = Vec::new();
        for user in users {
            let settings = &shard.live.settings;
            let outbox = Outbox::new(settings.max_queue_bytes, settings.max_queue_frames, Rc::clone(&shard.writes));
            let socket = new_socket(&shard, user, outbox);
            socket.phase.set(Phase::Started);
            shard.add(&socket);
            shard.follow(&socket, room.id, room.head_seq, room.head_seq.next());
            sockets.push(socket);
        }
        Self { shard, inbox: RefCell::new(inbox), sockets }
    }

    /// What the reader makes of a text that the first socket has sent: its answer in the making.
    ///
    /// # Panics
    /// When the text is no request.
    pub fn request(&self, text: &str) -> Pin<Box<dyn Future<Output = ()>>> {
        self.shard.request(&self.sockets[0], text).expect("the text is a request")
    }

    /// Puts what the fan-out has noted for the hub into its sockets' queues, as the hub's task does. Says how many events
    /// they were.
    pub fn deliver(&self) -> usize {
        let mut log = Vec::new();
        while let Ok(note) = self.inbox.borrow_mut().notes.try_recv() {
            if let Note::Log(batch) = note {
                log.extend(batch);
            }
        }
        let delivered = log.len();
        for delivery in joined(&mut log) {
            self.shard.deliver(delivery);
        }
        delivered
    }

    /// Takes every frame that waits for any of the sockets, as their connections do when all can be written to. Says how many
    /// they were; several may come in one piece.
    pub fn take_frames(&self) -> usize {
        let mut taken = 0;
        while let Some(outbox) = self.shard.writes.next() {
            let all = outbox.write_with(|pieces| {
                taken += pieces.iter().map(|piece| frames_in(piece)).sum::<usize>();
                Ok(pieces.iter().map(|piece| piece.len()).sum())
            });
            assert!(all.is_ok(), "this is no connection that could break off");
        }
        taken
    }
}

/// Frames of a server, one after the other (RFC 6455, section 5.2).
fn frames_in(mut bytes: &[u8]) -> usize {
    let mut frames = 0;
    while let [_, short, rest @ ..] = bytes {
        let (header, length) = match (short, rest) {
            (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            (127, _) => panic!("nothing that is measured is as long"),
            (length, _) => (2, usize::from(*length)),
        };
        bytes = &bytes[header + length..];
        frames += 1;
    }
    frames
}

/// An event as it leaves for the bus.
pub fn payload(event: &Event) -> Bytes {
    envelope::of_event(event)
}

/// The frame that sockets get of what the bus has brought; `None` for what is no event.
pub fn frame(payload: &Bytes) -> Option<Bytes> {
    envelope::to_delivery(payload).map(|delivery| delivery.frame)
}

/// What the reader and its request make of the text of a `message.send`; `None` when it is none.
pub fn parsed(text: &str, rules: &ChatRules) -> Option<Draft> {
    let request = serde_json::from_str::<RawRequest<'_>>(text).ok()?;
    let asked = web::parse_json::<SendMessage>(request.data?.get().as_bytes()).ok()?;
    request::draft_of_frame(asked, rules).ok()
}

/// How many text frames a client's bytes are, for messages of so many bytes at most.
pub fn texts_in<'c>(chunks: impl IntoIterator<Item = &'c [u8]>, max_message: usize) -> usize {
    let mut frames = Frames::new(max_message, &[]);
    let mut texts = 0;
    for chunk in chunks {
        frames.add(chunk);
        while let Ok(Some(Frame::Text(_))) = frames.next() {
            texts += 1;
        }
    }
    texts
}
