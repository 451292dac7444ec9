//! Commands about messages.

use contract::chat::{Format, Message};
use kernel::RoomId;
use natter_client::{Around, NewMessage};

use super::{Desk, Outcome, Place, sentence};
use crate::commands::Command;
use crate::words;

/// How far back the latest message of somebody is looked for.
const LOOKED_THROUGH: u32 = 100;

/// Whose message is meant when no number is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Others,
}

pub(super) async fn carry_out(desk: &Desk, place: &Place, command: Command) -> Result<Outcome, String> {
    match command {
        Command::Say(text) => Ok(Outcome::Send(NewMessage::new(place.room()?, text))),
        Command::Me(text) => {
            let message = NewMessage::new(place.room()?, words::as_emote(&text));
            Ok(Outcome::Send(NewMessage { format: Format::Markdown, ..message }))
        }
        Command::Reply { message, text } => {
            let room = place.room()?;
            let answered = find(desk, room, message, Whose::Others).await?;
            Ok(Outcome::Send(NewMessage { reply_to: Some(answered.id), ..NewMessage::new(room, text) }))
        }
        Command::Msg { user, text } => {
            let found = desk.client.find_users(&user).await.map_err(|error| sentence(&error))?;
            let is_it = |name: &str| name.to_lowercase() == user.to_lowercase();
            let found = found.into_iter().find(|other| is_it(&other.username));
            let user = found.ok_or_else(|| format!("There is nobody called {user}."))?;
            let room = desk.client.direct_room(&[user.id]).await.map_err(|error| sentence(&error))?;
            Ok(Outcome::Send(NewMessage::new(room.id, text)))
        }
        Command::Edit { message, text } => {
            let room = place.room()?;
            let message = find(desk, room, message, Whose::Own).await?;
            desk.live.edit(room, message.id, &text).await.map_err(|error| sentence(&error))?;
            Ok(Outcome::Done)
        }
        Command::Delete(message) => {
            let room = place.room()?;
            let message = find(desk, room, message, Whose::Own).await?;
            desk.live.delete(room, message.id).await.map_err(|error| sentence(&error))?;
            Ok(Outcome::Done)
        }
        Command::React { message, emoji } => {
            let room = place.room()?;
            let message = find(desk, room, message, Whose::Others).await?;
            let me = desk.client.user_id();
            let has_it = message.reactions.iter().any(|given| given.emoji == emoji && given.user_ids.contains(&me));
            desk.live.react(room, message.id, &emoji, !has_it).await.map_err(|error| sentence(&error))?;
            Ok(Outcome::Done)
        }
        _ => Ok(Outcome::Done),
    }
}

/// The message of this number, or the latest one of oneself or of somebody else.
async fn find(desk: &Desk, room: RoomId, seq: Option<u64>, whose: Whose) -> Result<Message, String> {
    if let Some(seq) = seq {
        let page = desk
            .client
            .history(room, Around::After(seq.saturating_sub(1)), 1)
            .await
            .map_err(|error| sentence(&error))?;
        let found = page.items.into_iter().find(|message| message.seq == seq && message.deleted_at.is_none());
        return found.ok_or_else(|| format!("There is no message #{seq} here."));
    }
    let me = desk.client.user_id();
    let is_meant =
        |message: &Message| message.deleted_at.is_none() && (message.author.id == me) == (whose == Whose::Own);
    let page = desk.client.history(room, Around::Newest, LOOKED_THROUGH).await.map_err(|error| sentence(&error))?;
    page.items.into_iter().rev().find(is_meant).ok_or_else(|| match whose {
        Whose::Own => "You have not written anything here lately.".to_owned(),
        Whose::Others => "Nobody else has written anything here lately.".to_owned(),
    })
}
