//! What the swarm wants to know of a frame, without parsing all of it: a million frames a second come in on one core.
//!
//! The fields that are looked for are in every server's frames, in whatever order it writes them. A body that looks like a
//! field could deceive this; ours do not.

use std::sync::LazyLock;

use memchr::memmem::Finder;

static SEQ: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"seq\":"));
static BODY: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"body\":\""));
static ROOM: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"room_id\":\""));
static OK: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"ok\":true"));

const EVENT: &[u8] = b"{\"type\":\"";
const REPLY: &[u8] = b"{\"reply_to\":\"";
/// Characters of a room's id.
const ID: usize = 36;

/// A frame at a glance.
#[derive(Debug, PartialEq, Eq)]
pub enum Glance<'a> {
    /// An event of a room's log.
    Event {
        /// The room's id.
        room: &'a [u8],
        /// Its place in the room.
        seq: u64,
        /// Of one of our messages: when it was to be sent, in nanoseconds of the run, and by which socket.
        sent: Option<(u64, u32)>,
    },
    /// The answer to a request with this number.
    Reply {
        /// The request.
        id: u64,
        /// Whether it was done.
        ok: bool,
    },
    /// Something else.
    Other,
}

/// Looks at a text frame.
pub fn at(text: &[u8]) -> Glance<'_> {
    if text.starts_with(EVENT) {
        return event(text).unwrap_or(Glance::Other);
    }
    if let Some(rest) = text.strip_prefix(REPLY) {
        return Glance::Reply { id: number(rest), ok: OK.find(rest).is_some() };
    }
    Glance::Other
}

fn event(text: &[u8]) -> Option<Glance<'_>> {
    let after =
        |finder: &Finder<'_>, from: usize| finder.find(&text[from..]).map(|at| from + at + finder.needle().len());
    let room = after(&ROOM, EVENT.len())?;
    // The envelope's comes before that of the message in it, which is the same.
    let seq = after(&SEQ, EVENT.len())?;
    let sent = after(&BODY, seq).and_then(|body| sent(&text[body..]));
    Some(Glance::Event { room: text.get(room..room + ID)?, seq: number(&text[seq..]), sent })
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().take_while(|byte| byte.is_ascii_digit()).fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// Digits of the time in a body.
const TIME: usize = 16;

/// A body of a message that says when it was to be sent and by whom, filled up to this many bytes.
pub fn body(at: u64, socket: u32, length: usize) -> String {
    let mut body = format!("{at:0TIME$} {socket:06} ");
    while body.len() < length {
        let wanted = length - body.len();
        body.push_str(&FILLING[..wanted.min(FILLING.len())]);
    }
    body
}

const FILLING: &str = "The quick brown fox jumps over the lazy dog, and the dog does not mind at all. ";

fn sent(body: &[u8]) -> Option<(u64, u32)> {
    let (time, rest) = body.split_at_checked(TIME)?;
    let is_ours = time.iter().all(u8::is_ascii_digit) && rest.first() == Some(&b' ');
    is_ours.then(|| (number(time), number(&rest[1..]) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::chat::{Author, Format, Message};
    use contract::events::{LogContent, LogEvent};
    use contract::frames::Reply;
    use kernel::{MessageId, RoomId, Timestamp, UserId};
    use uuid::Uuid;

    #[test]
    fn a_message_of_the_contract_is_seen_as_what_it_is() {
        let (room_id, user) = (RoomId::new(), UserId::new());
        let message = Message {
            id: MessageId::new(),
            room_id,
            seq: 58,
            author: Author { id: user, username: "ada".into(), display_name: "Ada".into(), avatar_url: None },
            body: body(1_234_567, 42, 128),
            format: Format::Plain,
            client_msg_id: Uuid::nil(),
            reply_to: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            reactions: Vec::new(),
            pinned: false,
            created_at: Timestamp::from_millis(0),
            edited_at: None,
            deleted_at: None,
        };
        assert_eq!(message.body.len(), 128);
        let content = LogContent::MessageCreated(Box::new(message));
        let event = LogEvent { content, room_id, seq: 58, at: Timestamp::from_millis(0), actor_id: Some(user) };
        let json = serde_json::to_vec(&event).unwrap();
        let room = room_id.to_string();
        assert_eq!(at(&json), Glance::Event { room: room.as_bytes(), seq: 58, sent: Some((1_234_567, 42)) });
    }

    #[test]
    fn replies_are_told_apart_and_everything_else_is_left_alone() {
        let reply = serde_json::to_vec(&Reply::ok("17", 0)).unwrap();
        assert_eq!(at(&reply), Glance::Reply { id: 17, ok: true });
        let refused = br#"{"reply_to":"17","ok":false,"error":{}}"#;
        assert_eq!(at(refused), Glance::Reply { id: 17, ok: false });
        assert_eq!(at(br#"{"type":"ready"}"#), Glance::Other);
        assert_eq!(at(br#"{"type":"message.created","#), Glance::Other);
        let joined = br#"{"type":"member.joined","room_id":"0190f5fe-7c00-7a00-8000-000000000001","seq":3,"data":{}}"#;
        let room = b"0190f5fe-7c00-7a00-8000-000000000001";
        assert_eq!(at(joined), Glance::Event { room, seq: 3, sent: None });
    }
}
