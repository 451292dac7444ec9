//! `natter-cli tail`

use contract::frames::Mode;
use contract::page::MAX_LIMIT;
use kernel::RoomId;
use natter_client::{Client, Cursors, Ended, Event, LiveOptions, Status, Update};

use crate::arguments::Tail;
use crate::failure::{ExitStatus, Failure};
use crate::lines::{complain, event_line, say, say_json};

pub(super) async fn run(client: &Client, arguments: Tail) -> Result<(), Failure> {
    let room = super::enter(client, &arguments.room, arguments.join).await?;
    let head = super::head(client, room).await?;
    if let Some(after) = arguments.after.filter(|after| *after > head) {
        let text = format!(
            "The log of the room {} ends at {head}; there is no place {after} in it. Was the server restored from a backup?",
            arguments.room
        );
        return Err(Failure::new(ExitStatus::Failed, text));
    }
    let from = arguments.after.unwrap_or_else(|| head.saturating_sub(arguments.last));
    if arguments.no_follow {
        return page_through(client, room, from, head, &arguments).await;
    }
    // The socket tells it all, however much it is: by replay, or by the pages that the library fetches.
    let cursors = Cursors { epoch: None, rooms: [(room, from)].into() };
    let (_live, mut updates) = client.live(LiveOptions { cursors, ..LiveOptions::default() });
    while let Some(update) = updates.next().await {
        match update {
            Update::Event(event) => {
                if event.room_id == room {
                    tell(&arguments, &event).await?;
                }
            }
            Update::Room(entry) => {
                if entry.room.id == room && entry.mode == Mode::Reset {
                    let text = format!(
                        "The log of the room {} does not go on from here: the server was restored from a backup, or does \
                         not keep what comes next any more. The log ends at {}.",
                        arguments.room, entry.head_seq
                    );
                    return Err(Failure::new(ExitStatus::Failed, text));
                }
            }
            Update::RoomRemoved(left) => {
                if left == room {
                    let text = format!("You are not in the room {} any more.", arguments.room);
                    return Err(Failure::new(ExitStatus::Failed, text));
                }
            }
            Update::Skipped { room_id, from, to } => {
                if room_id == room {
                    complain(&format!("The server does not keep events {from} to {to} any more.")).await;
                }
            }
            Update::Status(status) => note(status).await?,
            Update::Passing(_) | Update::Sending { .. } => {}
        }
    }
    Ok(())
}

async fn note(status: Status) -> Result<(), Failure> {
    match status {
        Status::Waiting { retry_in, why } => {
            complain(&format!("Reconnecting in {} s: {why}", retry_in.as_secs().max(1))).await;
            Ok(())
        }
        Status::Ended(Ended::SessionEnded(why)) => Err(Failure::new(ExitStatus::NotSignedIn, why)),
        Status::Ended(Ended::Refused(why)) => Err(Failure::new(ExitStatus::Failed, why)),
        Status::Ended(Ended::Closed) => Err(Failure::new(ExitStatus::Failed, "The connection has ended.")),
        Status::Connecting | Status::CatchingUp | Status::Ready => Ok(()),
    }
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
        for event in page.items.iter().filter(|event| event.seq <= head) {
            tell(arguments, event).await?;
        }
    }
    Ok(())
}

async fn tell(arguments: &Tail, event: &Event) -> Result<(), Failure> {
    if arguments.json {
        return Ok(say_json(event.json()).await?);
    }
    match event_line(&arguments.room, event) {
        Some(line) => Ok(say(&line).await?),
        None => Ok(()),
    }
}
