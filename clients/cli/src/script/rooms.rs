//! `natter-cli rooms`

use std::io;

use natter_client::Client;

use crate::arguments::Rooms;
use crate::failure::{ExitStatus, Failure};
use crate::lines::{write, write_json};
use crate::words;

pub(super) async fn run(client: &Client, arguments: &Rooms) -> Result<(), Failure> {
    let rooms = client.my_rooms().await?;
    let mut out = io::stdout().lock();
    if arguments.json {
        let json =
            serde_json::to_string(&rooms).map_err(|error| Failure::new(ExitStatus::Failed, error.to_string()))?;
        return Ok(write_json(&mut out, &json)?);
    }
    for mine in rooms {
        let name = words::room_name(&mine.room);
        write(&mut out, &format!("{name}{}", words::unread(mine.unread, mine.mentions)))?;
    }
    Ok(())
}
