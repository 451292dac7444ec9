//! The floor: what actix-ws itself costs. It stores nothing, checks nobody and knows no one; it says the frames of
//! `chat.v1`, so that the same load can be put on it. A token is the name of the room that one wants to be in.
//!
//! With FLOOR_LOSES=n it loses each n-th message of a room, so that one can see whether the load notices.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actix_ws::{Message as Frame, Session};
use bytestring::ByteString;
use contract::chat::{Author, Message, Role, Room, RoomKind};
use contract::events::{LogContent, LogEvent};
use contract::frames::{
    Hello, Limits, MessageSent, Mode, RawRequest, Reply, RoomEntry, SUBPROTOCOL, SendMessage, ServerFrame, Started,
};
use futures_util::StreamExt;
use kernel::{Clock, ConnectionId, MessageId, RoomId, SessionId, SystemClock, Timestamp, UserId};
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Who is in a room, and its latest place.
#[derive(Default)]
struct Members {
    seq: u64,
    sessions: Vec<Session>,
}

/// The one worker: its rooms, and what was said in them and is to be passed on.
struct Floor {
    rooms: RefCell<HashMap<RoomId, Members>>,
    said: UnboundedSender<(RoomId, ByteString)>,
    /// Each message of this number is lost; 0 for none.
    losing: u64,
    lost: RefCell<HashMap<RoomId, u64>>,
}

impl Floor {
    fn loses(&self, room: RoomId) -> bool {
        if self.losing == 0 {
            return false;
        }
        let mut lost = self.lost.borrow_mut();
        let said = lost.entry(room).or_default();
        *said += 1;
        said.is_multiple_of(self.losing)
    }
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let addr = std::env::var("HTTP_ADDR").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let server = HttpServer::new(|| {
        let (said, to_pass_on) = unbounded_channel();
        let losing = std::env::var("FLOOR_LOSES").ok().and_then(|number| number.parse().ok()).unwrap_or(0);
        let floor = Rc::new(Floor { rooms: RefCell::default(), said, losing, lost: RefCell::default() });
        // Tokio would interrupt it after 128 sends, and each of those sockets would be written for one frame alone.
        actix_web::rt::spawn(tokio::task::unconstrained(pass_on(Rc::clone(&floor), to_pass_on)));
        App::new().app_data(floor).route("/v1/ws", web::get().to(open))
    })
    .workers(1)
    .tcp_nodelay(true)
    .shutdown_timeout(0)
    .bind(addr)?;
    for addr in server.addrs() {
        println!("The floor is ready at http://{addr}");
    }
    server.run().await
}

/// More than is ever on its way: in `rooms-100x10` these are 1,600 messages.
const ALL: usize = 4_096;

/// Passes on what was said, all that has come by now at a time, so that a socket is written once for it.
async fn pass_on(floor: Rc<Floor>, mut said: UnboundedReceiver<(RoomId, ByteString)>) {
    let mut batch = Vec::new();
    while said.recv_many(&mut batch, ALL).await > 0 {
        for (room, text) in batch.drain(..) {
            if floor.loses(room) {
                continue;
            }
            let mut sessions = {
                let mut rooms = floor.rooms.borrow_mut();
                std::mem::take(&mut rooms.entry(room).or_default().sessions)
            };
            for member in &mut sessions {
                let _ = member.text(text.clone()).await;
            }
            let mut rooms = floor.rooms.borrow_mut();
            let members = rooms.entry(room).or_default();
            members.sessions.append(&mut sessions);
        }
        tokio::task::yield_now().await;
    }
}

fn json(value: &impl Serialize) -> ByteString {
    serde_json::to_string(value).unwrap_or_default().into()
}

async fn open(request: HttpRequest, body: Payload) -> actix_web::Result<HttpResponse> {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let room = token.and_then(|token| token.strip_prefix("Bearer ")).and_then(|room| room.parse::<RoomId>().ok());
    let room = room.ok_or_else(|| actix_web::error::ErrorUnauthorized("the token is the id of a room"))?;
    let Some(floor) = request.app_data::<Rc<Floor>>().map(Rc::clone) else {
        return Err(actix_web::error::ErrorInternalServerError("no floor"));
    };
    let (response, session, stream) = actix_ws::handle_with_protocols(&request, body, &[SUBPROTOCOL])?;
    actix_web::rt::spawn(serve(floor, room, session, stream));
    Ok(response)
}

async fn serve(floor: Rc<Floor>, room: RoomId, mut session: Session, mut stream: actix_ws::MessageStream) {
    let user = UserId::new();
    let author = Author {
        id: user,
        username: "load-0123456789abcdef012345".into(),
        display_name: "load-0123456789abcdef012345".into(),
        avatar_url: None,
    };
    let hello = Hello {
        connection_id: ConnectionId::new(),
        user: author.clone(),
        session_id: SessionId::new(),
        epoch: "floor".into(),
        heartbeat_ms: 25_000,
        server_time: now(),
        token_expires_at: now(),
        limits: Limits { max_frame_bytes: 65_536, max_body_chars: 8_000, max_in_flight: 64, max_replay_events: 0 },
    };
    let _ = session.text(json(&ServerFrame::Hello(Box::new(hello)))).await;
    while let Some(Ok(frame)) = stream.next().await {
        let Frame::Text(text) = frame else { continue };
        let Ok(request) = serde_json::from_str::<RawRequest<'_>>(&text) else { break };
        if request.kind == "start" {
            let head = {
                let mut rooms = floor.rooms.borrow_mut();
                let members = rooms.entry(room).or_default();
                members.sessions.push(session.clone());
                members.seq
            };
            let started = Started { rooms: vec![entry(room, head)] };
            let _ = session.text(json(&Reply::ok(request.id, started))).await;
            let _ = session.text(json(&ServerFrame::Ready)).await;
            continue;
        }
        let Some(Ok(sent)) = request.data.map(|data| serde_json::from_str::<SendMessage>(data.get())) else { break };
        let seq = {
            let mut rooms = floor.rooms.borrow_mut();
            let members = rooms.entry(room).or_default();
            members.seq += 1;
            members.seq
        };
        let message = Message {
            id: MessageId::new(),
            room_id: room,
            seq,
            author: author.clone(),
            body: sent.body,
            format: sent.format,
            client_msg_id: sent.client_msg_id,
            reply_to: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            reactions: Vec::new(),
            pinned: false,
            created_at: now(),
            edited_at: None,
            deleted_at: None,
        };
        let answer = MessageSent { message_id: message.id, seq, created_at: message.created_at, deduplicated: false };
        let content = LogContent::MessageCreated(Box::new(message));
        let event = json(&LogEvent { content, room_id: room, seq, at: now(), actor_id: Some(user) });
        let _ = session.text(json(&Reply::ok(request.id, answer))).await;
        let _ = floor.said.send((room, event));
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn entry(id: RoomId, head_seq: u64) -> RoomEntry {
    let room = Room {
        id,
        kind: RoomKind::Public,
        name: None,
        title: None,
        topic: None,
        metadata: serde_json::Map::new(),
        created_by: None,
        created_at: now(),
        archived_at: None,
        member_count: 0,
        head_seq,
    };
    RoomEntry {
        room,
        role: Role::Member,
        head_seq,
        read_seq: 0,
        unread: 0,
        mentions: 0,
        mode: Mode::Live,
        from_seq: head_seq + 1,
    }
}
