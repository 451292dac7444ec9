//! From the wire's types to those of the rules: everything that is wrong with a request is said at once.

use chat_entity::{
    ClientMsgId, Draft, Format, MessageBody, NewRoom, PresenceStatus, RoomDetails, RoomDetailsError, RoomKind, RoomName,
};
use chat_usecase::port::IdempotencyKey;
use chat_usecase::{ChatRules, RoomRequest};
use contract::chat::{self, CreateRoom, PostMessage};
use contract::frames::{SendMessage, SetPresence};
use contract::problem::{FieldError, Problem};
use kernel::RoomId;

pub(crate) fn draft(room_id: RoomId, asked: PostMessage, rules: &ChatRules) -> Result<Draft, Problem> {
    let mut errors = Vec::new();
    let body = MessageBody::parse(asked.body, rules.max_body_chars);
    if let Err(error) = &body {
        errors.push(FieldError::new("body", error.to_string()));
    }
    if !asked.attachments.is_empty() {
        errors.push(FieldError::new("attachments", "must be empty: this server does not take files yet"));
    }
    match body {
        Ok(body) if errors.is_empty() => Ok(Draft {
            room_id,
            body,
            format: match asked.format {
                chat::Format::Plain => Format::Plain,
                chat::Format::Markdown => Format::Markdown,
            },
            client_msg_id: ClientMsgId(asked.client_msg_id),
            reply_to: asked.reply_to,
        }),
        _ => Err(Problem::invalid(errors)),
    }
}

pub(crate) fn draft_of_frame(asked: SendMessage, rules: &ChatRules) -> Result<Draft, Problem> {
    let SendMessage { room_id, body, client_msg_id, format, reply_to, attachments } = asked;
    draft(room_id, PostMessage { body, client_msg_id, format, reply_to, attachments }, rules)
}

pub(crate) fn presence_status(asked: SetPresence) -> Result<PresenceStatus, Problem> {
    match asked.status {
        chat::PresenceStatus::Online => Ok(PresenceStatus::Online),
        chat::PresenceStatus::Away => Ok(PresenceStatus::Away),
        chat::PresenceStatus::Dnd => Ok(PresenceStatus::Dnd),
        chat::PresenceStatus::Offline => {
            Err(Problem::invalid(vec![FieldError::new("status", "must be online, away or dnd")]))
        }
    }
}

pub(crate) fn room(asked: CreateRoom, idempotency: Option<IdempotencyKey>) -> Result<RoomRequest, Problem> {
    let mut errors = Vec::new();
    let name = RoomName::parse(&asked.name);
    if let Err(error) = &name {
        errors.push(FieldError::new("name", error.to_string()));
    }
    let kind = match asked.kind {
        chat::RoomKind::Public => RoomKind::Public,
        chat::RoomKind::Private => RoomKind::Private,
        chat::RoomKind::Direct => {
            errors.push(FieldError::new("kind", "must be public or private"));
            RoomKind::Direct
        }
    };
    let details = RoomDetails { title: asked.title, topic: asked.topic, metadata: asked.metadata.unwrap_or_default() };
    errors.extend(details.errors().into_iter().map(|error| {
        let field = match error {
            RoomDetailsError::Title => "title",
            RoomDetailsError::Topic => "topic",
            RoomDetailsError::Metadata => "metadata",
        };
        FieldError::new(field, error.to_string())
    }));
    match name {
        Ok(name) if errors.is_empty() => Ok(RoomRequest { room: NewRoom { kind, name, details }, idempotency }),
        _ => Err(Problem::invalid(errors)),
    }
}
