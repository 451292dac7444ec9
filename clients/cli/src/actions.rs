//! Carrying out commands: the same on the screen and line by line. Nothing here knows how its outcome is shown.

mod messages;
mod rooms;

use std::collections::HashMap;
use std::sync::Arc;

use contract::frames::RoomEntry;
use kernel::{RoomId, Timestamp};
use natter_client::{Client, Error, Live, NewMessage, ServerInfo};

use crate::commands::{Command, SessionsCommand, help_text, unavailable};
use crate::words;

/// With what commands are carried out.
#[derive(Clone)]
pub struct Desk {
    /// The session.
    pub client: Client,
    /// The connection.
    pub live: Live,
    /// What the server can do.
    pub info: Arc<ServerInfo>,
}

/// Where somebody is when they give a command.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The current room.
    pub room: Option<RoomId>,
    /// What one's rooms are called.
    pub names: HashMap<RoomId, String>,
}

/// What came of a command.
#[derive(Debug)]
pub enum Outcome {
    /// Say this.
    Told(String),
    /// Go to a room, and say something there.
    GoTo {
        /// The room.
        room: RoomId,
        /// Its name.
        name: String,
        /// What to say.
        text: String,
        /// What is known of it, if one was not in it before.
        entry: Option<Box<RoomEntry>>,
    },
    /// A room was left: go home and say this.
    Left(RoomId, String),
    /// Send this message.
    Send(NewMessage),
    /// Show so many older messages.
    Older(u32),
    /// Nothing more: the room's log shows what was done.
    Done,
    /// The session is over: say so and leave.
    SignedOut,
    /// Leave.
    Quit,
}

impl Place {
    /// The current room, or a sentence that there is none.
    fn room(&self) -> Result<RoomId, String> {
        self.room.ok_or_else(|| "You are in no room. /join goes to one.".to_owned())
    }

    fn name(&self, room: RoomId) -> &str {
        self.names.get(&room).map_or("?", String::as_str)
    }

    /// One's room of this name.
    fn named(&self, name: &str) -> Option<RoomId> {
        self.names.iter().find(|(_, other)| *other == name).map(|(room, _)| *room)
    }
}

/// Carries out a command. The error is a sentence.
pub async fn carry_out(desk: &Desk, place: &Place, command: Command) -> Result<Outcome, String> {
    if let Some(feature) = command.needs().filter(|feature| !desk.info.offers(*feature)) {
        return Err(unavailable(feature));
    }
    match command {
        Command::Help(name) => help_text(name.as_deref()).map(Outcome::Told).map_err(|error| error.to_string()),
        Command::Quit => Ok(Outcome::Quit),
        Command::Signout => {
            desk.client.sign_out().await.map_err(|error| sentence(&error))?;
            Ok(Outcome::SignedOut)
        }
        Command::Sessions(command) => sessions(desk, command).await,
        Command::History(count) => place.room().map(|_| Outcome::Older(count)),
        // It is offered by a server of a later version than this client.
        Command::Search(_) => Err("This natter-cli cannot search yet; a newer one may.".to_owned()),
        Command::Say(_)
        | Command::Me(_)
        | Command::Reply { .. }
        | Command::Msg { .. }
        | Command::Edit { .. }
        | Command::Delete(_)
        | Command::React { .. } => messages::carry_out(desk, place, command).await,
        Command::Users(_)
        | Command::Rooms
        | Command::Join { .. }
        | Command::Leave
        | Command::Create { .. }
        | Command::Topic(_)
        | Command::Members(_) => rooms::carry_out(desk, place, command).await,
    }
}

async fn sessions(desk: &Desk, command: SessionsCommand) -> Result<Outcome, String> {
    match command {
        SessionsCommand::List => {
            let sessions = desk.client.sessions().await.map_err(|error| sentence(&error))?;
            let mut lines = vec!["You are signed in here:".to_owned()];
            for session in sessions {
                let this = if session.id == desk.client.session_id() { " (this one)" } else { "" };
                let device = session.device.as_deref().unwrap_or("a device without a name");
                lines.push(format!("{}  {device}, last seen {}{this}", session.id, minute(session.last_seen_at)));
            }
            Ok(Outcome::Told(lines.join("\n")))
        }
        SessionsCommand::End(session) => {
            desk.client.end_session(session).await.map_err(|error| sentence(&error))?;
            Ok(Outcome::Told("That session has ended.".to_owned()))
        }
        SessionsCommand::EndOthers => {
            desk.client.end_other_sessions().await.map_err(|error| sentence(&error))?;
            Ok(Outcome::Told("All your other sessions have ended.".to_owned()))
        }
    }
}

/// A time to the minute, in UTC.
fn minute(time: Timestamp) -> String {
    time.to_string().chars().take("2026-11-21T11:08".len()).collect::<String>().replace('T', " ") + " UTC"
}

/// What to say about an error of the library.
pub fn sentence(error: &Error) -> String {
    let text = match error {
        Error::Refused(refusal) if refusal.code == "not-found" => "There is no such thing here.".to_owned(),
        _ => error.to_string(),
    };
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "It did not work.".to_owned(),
    }
}

/// Finds the room of this name: one's own, or a public one. Gives its id, and whether one is in it.
pub async fn find_room(client: &Client, place: &Place, name: &str) -> Result<Option<(RoomId, bool)>, Error> {
    if let Some(room) = place.named(name) {
        return Ok(Some((room, true)));
    }
    Ok(client.public_room(name).await?.map(|room| (room.id, false)))
}

/// Where one is, told by the server: for whoever keeps no list of rooms.
pub async fn place_of(client: &Client, room: Option<RoomId>) -> Result<Place, Error> {
    let rooms = client.my_rooms().await?;
    let names = rooms.iter().map(|mine| (mine.room.id, words::room_name(&mine.room))).collect();
    Ok(Place { room, names })
}
