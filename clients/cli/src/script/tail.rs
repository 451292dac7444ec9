//! `natter-cli tail`

use std::io;

use contract::page::MAX_LIMIT;
use kernel::RoomId;
use natter_client::{Client, Cursors, Ended, Event, LiveOptions, Status, Update};

use crate::arguments::Tail;
use crate::failure::{ExitStatus, Failure};
use crate::lines::{event_line, write, write_json};

pub(super) async fn run(client: &Client, arguments: Tail) -> Result<(), Failure> {
    let room = super::enter(client, &arguments.room, arguments.join).await?;
    let head = super::head(client, room).await?;
    let from = arguments.after.unwrap_or_else(|| head.saturating_sub(arguments.last));
    if arguments.no_follow {
        return page_through(client, room, from, head, &arguments).await;
    }
    // The socket tells it all, however much it is: by replay, or by the pages that the library fetches.
    let cursors = Cursors { epoch: None, rooms: [(room, from)].into() };
    let (_live, mut updates) = client.live(LiveOptions { cursors, ..LiveOptions::default() });
    while let Some(update) = updates.next().await {
        match update {
            Update::Event(event) if event.room_id == room => tell(&arguments, &event)?,
            Update::RoomRemoved(left) if left == room => {
                let text = format!("You are not in the room {} any more.", arguments.room);
                return Err(Failure::new(ExitStatus::Failed, text));
            }
            Update::Skipped { room_id, from, to } if room_id == room => {
                eprintln!("The server does not keep events {from} to {to} any more.");
            }
            Update::Status(Status::Waiting { retry_in, why }) => {
                eprintln!("Reconnecting in {} s: {why}", retry_in.as_secs().max(1));
            }
            Update::Status(Status::Ended(ended)) => {
                return Err(match ended {
                    Ended::SessionEnded(why) => Failure::new(ExitStatus::NotSignedIn, why),
                    Ended::Refused(why) => Failure::new(ExitStatus::Failed, why),
                    Ended::Closed => Failure::new(ExitStatus::Failed, "The connection has ended."),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

async fn page_through(
    client: &Client,
    room: RoomId,
    mut after: u64,
    head: u64,
    arguments: &Tail,
) -> Result<(), Failure> {
    while after < head {
        let page = client.events(room, after, MAX_LIMIT).await?;
        let Some(last) = page.items.last() else { return Ok(()) };
        after = last.seq;
        page.items.iter().filter(|event| event.seq <= head).try_for_each(|event| tell(arguments, event))?;
    }
    Ok(())
}

fn tell(arguments: &Tail, event: &Event) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if arguments.json {
        return Ok(write_json(&mut out, event.json())?);
    }
    match event_line(&arguments.room, event) {
        Some(line) => Ok(write(&mut out, &line)?),
        None => Ok(()),
    }
}
