//! From messages and events to entries of the log on the screen.

use contract::chat::Message;
use contract::events::LogContent;
use kernel::{MessageId, UserId};
use natter_client::{Event, NewMessage};

use crate::screen::{Delivery, Entry, Find, Log, Message as Shown};
use crate::words;

/// Characters of a message that an answer to it shows.
const EXCERPT: usize = 80;

/// A message as the server tells it.
pub(super) fn entry(message: &Message, me: UserId, log: &Log) -> Shown {
    let emote = words::emote(message.format, &message.body);
    Shown {
        key: message.client_msg_id,
        id: Some(message.id),
        seq: Some(message.seq),
        author: message.author.username.clone(),
        is_own: message.author.id == me,
        at: message.created_at,
        is_emote: emote.is_some(),
        body: emote.unwrap_or_else(|| message.body.clone()),
        edited: message.edited_at.is_some(),
        deleted: message.deleted_at.is_some(),
        reply_to: message.reply_to.map(|id| excerpt(id, log)),
        reactions: message.reactions.iter().map(|given| (given.emoji.clone(), given.user_ids.len())).collect(),
        delivery: Delivery::Done,
        mentions_me: message.mentions.contains(&me),
    }
}

/// A message of one's own that is not sent yet.
pub(super) fn unsent(message: &NewMessage, me: &str, at: kernel::Timestamp, log: &Log) -> Shown {
    let emote = words::emote(message.format, &message.body);
    Shown {
        key: message.client_msg_id,
        id: None,
        seq: None,
        author: me.to_owned(),
        is_own: true,
        at,
        is_emote: emote.is_some(),
        body: emote.unwrap_or_else(|| message.body.clone()),
        edited: false,
        deleted: false,
        reply_to: message.reply_to.map(|id| excerpt(id, log)),
        reactions: Vec::new(),
        delivery: Delivery::Waiting,
        mentions_me: false,
    }
}

fn excerpt(id: MessageId, log: &Log) -> String {
    let Some(message) = log.message(Find::Id(id)) else { return "an earlier message".to_owned() };
    let line = message.body.lines().next().unwrap_or_default();
    let begin: String = line.chars().take(EXCERPT).collect();
    let rest = if begin.len() < message.body.len() { "…" } else { "" };
    format!("{}: {begin}{rest}", message.author)
}

/// What else has happened to a room; `None` for what is no news to people.
pub(super) fn happening(event: &Event) -> Option<Entry> {
    let text = words::happening(event)?;
    Some(Entry::Happening { seq: event.seq, at: event.at, text })
}

/// Lets the log show an event.
pub(super) fn show(log: &mut Log, event: &Event, me: UserId) {
    match &event.content {
        Some(LogContent::MessageCreated(message)) => {
            let shown = entry(message, me, log);
            log.push(Entry::Message(shown));
        }
        Some(LogContent::MessageEdited { message_id, body, mentions, .. }) => {
            log.update(Find::Id(*message_id), |message| {
                message.body.clone_from(body);
                message.edited = true;
                message.mentions_me = mentions.contains(&me);
            });
        }
        Some(LogContent::MessageDeleted { message_id }) => {
            log.update(Find::Id(*message_id), |message| {
                message.deleted = true;
                message.body.clear();
                message.reactions.clear();
            });
        }
        Some(LogContent::ReactionAdded { message_id, emoji }) => {
            log.update(Find::Id(*message_id), |message| count(&mut message.reactions, emoji, 1));
        }
        Some(LogContent::ReactionRemoved { message_id, emoji }) => {
            log.update(Find::Id(*message_id), |message| count(&mut message.reactions, emoji, -1));
        }
        _ => {
            if let Some(shown) = happening(event) {
                log.push(shown);
            }
        }
    }
}

fn count(reactions: &mut Vec<(String, usize)>, emoji: &str, by: isize) {
    match reactions.iter_mut().find(|(other, _)| other == emoji) {
        Some((_, count)) => *count = count.saturating_add_signed(by),
        None if by > 0 => reactions.push((emoji.to_owned(), 1)),
        None => {}
    }
    reactions.retain(|(_, count)| *count > 0);
}
