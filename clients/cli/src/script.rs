//! What scripts do: send, tail, rooms.

mod rooms;
mod send;
mod tail;

use contract::chat::RoomWithMembership;
use kernel::RoomId;
use natter_client::Client;

use crate::actions::{find_room, place_of};
use crate::arguments::Script;
use crate::failure::{ExitStatus, Failure};

/// Does what the command line says.
///
/// # Errors
/// When it cannot be done.
pub(crate) async fn run(client: &Client, script: Script) -> Result<(), Failure> {
    match script {
        Script::Send(arguments) => send::run(client, arguments).await,
        Script::Tail(arguments) => tail::run(client, arguments).await,
        Script::Rooms(arguments) => rooms::run(client, &arguments).await,
    }
}

/// Finds a room by its name and makes sure that one is in it.
async fn enter(client: &Client, name: &str, may_join: bool) -> Result<RoomId, Failure> {
    let place = place_of(client, None).await?;
    match find_room(client, &place, name).await? {
        Some((room, true)) => Ok(room),
        Some((room, false)) if may_join => {
            client.join(room).await?;
            Ok(room)
        }
        Some((_, false)) => {
            Err(Failure::new(ExitStatus::Failed, format!("You are not in the room {name}. --join joins it.")))
        }
        None => Err(Failure::new(ExitStatus::Failed, format!("There is no room {name}."))),
    }
}

/// The latest place of a room's log.
async fn head(client: &Client, room: RoomId) -> Result<u64, Failure> {
    let RoomWithMembership { room, .. } = client.room(room).await?;
    Ok(room.head_seq)
}
