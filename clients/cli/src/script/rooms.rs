//! `natter-cli rooms`

use natter_client::Client;

use crate::arguments::Rooms;
use crate::failure::{ExitStatus, Failure};
use crate::lines::{say, say_json};
use crate::words;

pub(super) async fn run(client: &Client, arguments: &Rooms) -> Result<(), Failure> {
    let rooms = client.my_rooms().await?;
    if arguments.json {
        let json =
            serde_json::to_string(&rooms).map_err(|error| Failure::new(ExitStatus::Failed, error.to_string()))?;
        return Ok(say_json(&json).await?);
    }
    for mine in rooms {
        let name = words::room_name(&mine.room);
        say(&format!("{name}{}", words::unread(mine.unread, mine.mentions))).await?;
    }
    Ok(())
}
