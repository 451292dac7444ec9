//! Where it happens: rooms with people in them, each with a token. Made by REST, as any client would, so that no server has
//! a door for it.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;

use contract::chat::{CreateRoom, RoomKind};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use kernel::RoomId;
use natter_client::{Client, Server};
use uuid::Uuid;

use crate::progress::Progress;

/// Calls at a time. It keeps a server busy, and is less than what may wait for its password threads.
const AT_A_TIME: usize = 16;
/// Everybody's.
pub const PASSWORD: &str = "nine green bottles on a wall";

/// Rooms and who is in them.
#[derive(Debug)]
pub struct Place {
    /// Where their server is.
    pub addr: SocketAddr,
    /// The rooms.
    pub rooms: Vec<Room>,
    /// Members of each room who talk, from the first on.
    pub senders: usize,
}

/// A room.
#[derive(Debug)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// The access token of each socket in it.
    pub members: Vec<String>,
}

impl Place {
    /// Sockets in all rooms.
    pub fn members(&self) -> usize {
        self.rooms.iter().map(|room| room.members.len()).sum()
    }

    /// A place without people: on the floor, a token is the name of the room that one wants to be in.
    pub fn on_the_floor(addr: SocketAddr, rooms: usize, members: usize, senders: usize) -> Self {
        let room = |_| {
            let id = RoomId::new();
            Room { id, members: vec![id.to_string(); members] }
        };
        Self { addr, rooms: (0..rooms).map(room).collect(), senders }
    }
}

/// People who have signed in, of whom each room takes as many as it needs.
pub struct People {
    addr: SocketAddr,
    server: Server,
    clients: Vec<Client>,
}

impl People {
    /// Nobody yet.
    pub fn of(addr: SocketAddr) -> io::Result<Self> {
        let address = format!("http://{addr}").parse().map_err(io::Error::other)?;
        Ok(Self { addr, server: Server::new(address).map_err(io::Error::other)?, clients: Vec::new() })
    }

    /// The same people, when their server listens elsewhere since it was started again.
    pub async fn moved(self, addr: SocketAddr) -> io::Result<Self> {
        let mut moved = Self::of(addr)?;
        for client in &self.clients {
            let mut session = client.saved().await;
            session.server = addr.to_string();
            moved.clients.push(moved.server.resume_saved(session));
        }
        Ok(moved)
    }

    /// Signs people up and in until there are as many.
    pub async fn grow(&mut self, count: usize, progress: &mut Progress) -> io::Result<()> {
        let missing = count.saturating_sub(self.clients.len());
        let server = &self.server;
        let arrivals = stream::iter(0..missing).map(|_| async move {
            // Two runs against one server must not want the same names.
            let name = format!("load-{:022x}", fastrand::u128(..) >> 40);
            server.sign_up(&name, &format!("{name}@load.invalid"), PASSWORD).await?;
            server.sign_in(&name, PASSWORD, "natter-load").await
        });
        let mut arrivals = arrivals.buffer_unordered(AT_A_TIME);
        while let Some(client) = arrivals.next().await {
            self.clients.push(client.map_err(hint)?);
            progress.say(|| format!("{} of {count} people have signed in", self.clients.len()));
        }
        Ok(())
    }

    /// Where their server is.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Makes rooms and lets people in, each room having people of its own.
    pub async fn fill(
        &mut self,
        rooms: usize,
        members: usize,
        senders: usize,
        progress: &mut Progress,
    ) -> io::Result<Place> {
        self.grow(rooms * members, progress).await?;
        let mut made = Vec::new();
        for people in self.clients[..rooms * members].chunks(members) {
            made.push(fill_one(people).await?);
            progress.say(|| format!("{} of {rooms} rooms are full", made.len()));
        }
        Ok(Place { addr: self.addr, rooms: made, senders })
    }

    /// Makes a room and lets these people in, by their numbers in the order in which they signed in.
    pub async fn meet(&self, who: Range<usize>) -> io::Result<Room> {
        let people = self.clients.get(who).ok_or_else(|| io::Error::other("there are too few people"))?;
        fill_one(people).await
    }

    /// The access tokens of the first ones.
    pub async fn tokens(&self, count: usize) -> Vec<String> {
        let mut tokens = Vec::new();
        for client in self.clients.iter().take(count) {
            tokens.push(token(client).await);
        }
        tokens
    }

    /// Those who have signed in.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Their server.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

async fn fill_one(people: &[Client]) -> io::Result<Room> {
    let Some((owner, others)) = people.split_first() else {
        return Err(io::Error::other("a room has at least one member"));
    };
    let room = make_room(owner).await?;
    let joining = stream::iter(others).map(|client| client.join(room));
    joining.buffer_unordered(AT_A_TIME).try_for_each(|_| async { Ok(()) }).await.map_err(hint)?;
    let mut members = Vec::new();
    for client in people {
        members.push(token(client).await);
    }
    Ok(Room { id: room, members })
}

/// Makes a room.
pub async fn make_room(owner: &Client) -> io::Result<RoomId> {
    let wanted = CreateRoom {
        name: format!("load-{}", Uuid::new_v4()),
        kind: RoomKind::Public,
        title: None,
        topic: None,
        metadata: None,
    };
    owner.create_room(&wanted).await.map(|room| room.id).map_err(hint)
}

async fn token(client: &Client) -> String {
    client.saved().await.access_token.expose().to_owned()
}

/// Says what to do about a refusal that everybody meets first.
#[allow(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub fn hint(error: natter_client::Error) -> io::Error {
    let text = error.to_string();
    let is_limited = matches!(&error, natter_client::Error::Refused(refusal) if refusal.status == 429);
    let hint = if is_limited { ". Start the server with LIMITS_ENABLED=false to put load on it" } else { "" };
    io::Error::other(format!("{text}{hint}"))
}
