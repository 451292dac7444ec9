//! `start`: the socket's rooms, and how each goes on (I7).

use std::collections::HashMap;
use std::rc::Rc;

use chat_entity::Seq;
use chat_usecase::StartedRoom;
use contract::frames::{ROOMS_PER_FRAME, RoomEntry, ServerFrame, Start, Started};
use contract::problem::Problem;
use kernel::RoomId;

use super::add_room::Settling;
use super::frame;
use super::shard::Shard;
use super::socket::{Phase, Socket};
use crate::problem;
use crate::wire;

/// Bytes of rooms in one frame, about: a room may have metadata of 4 KiB, and a frame 1 MiB.
const FRAME_BYTES: usize = 128 * 1024;

impl Shard {
    /// Answers `start`. When the store is away the socket stays and may ask again.
    pub(super) async fn start(self: &Rc<Self>, socket: &Rc<Socket>, id: &str, asked: Start) -> Result<(), Problem> {
        let settling = Settling::begin(self, socket);
        let cursors: HashMap<RoomId, Seq> =
            asked.cursors.into_iter().map(|(room, seq)| (room, Seq::new(seq))).collect();
        // What other nodes say of the user's joinings from here on is heard, so nothing falls between it and the snapshot.
        self.live.fanout.settled().await;
        let found = self.live.chat.start(&socket.principal, asked.epoch.as_deref(), &cursors).await;
        let rooms = match found {
            Ok(started) => {
                socket.membership_no.set(started.membership_no);
                started.rooms
            }
            Err(error) => {
                socket.phase.set(Phase::Waiting);
                return Err(problem::welcome(&error));
            }
        };
        socket.phase.set(Phase::Started);
        self.begin_lease(socket);
        let mut unheard = Vec::new();
        let mut rest = &rooms[..];
        let (first, entries) = take_frame(&mut rest);
        self.reply(socket, id, Started { rooms: entries });
        self.follow_all(socket, first, &mut unheard);
        while !rest.is_empty() {
            socket.outbox.room().await;
            let (chunk, entries) = take_frame(&mut rest);
            let more = ServerFrame::Rooms(Started { rooms: entries });
            socket.send(frame::json(&more), self.live.settings.close_within);
            self.follow_all(socket, chunk, &mut unheard);
        }
        self.look_again(unheard).await;
        self.ready_when_done(socket);
        drop(settling);
        Ok(())
    }

    fn follow_all(self: &Rc<Self>, socket: &Rc<Socket>, rooms: &[StartedRoom], unheard: &mut Vec<(RoomId, Seq)>) {
        for started in rooms {
            let room = &started.standing.room;
            if self.follow(socket, room.id, room.head_seq, started.resume.from) {
                unheard.push((room.id, room.head_seq));
            }
        }
    }
}

/// Takes as many rooms from the front as one frame has place for, at least one.
fn take_frame<'a>(rest: &mut &'a [StartedRoom]) -> (&'a [StartedRoom], Vec<RoomEntry>) {
    let mut entries = Vec::new();
    let mut bytes = 0;
    for started in rest.iter().take(ROOMS_PER_FRAME) {
        let entry = wire::room_entry(started);
        bytes += serde_json::to_vec(&entry).map_or(0, |json| json.len());
        if bytes > FRAME_BYTES && !entries.is_empty() {
            break;
        }
        entries.push(entry);
    }
    let (taken, left) = rest.split_at(entries.len());
    *rest = left;
    (taken, entries)
}
