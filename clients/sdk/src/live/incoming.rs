//! A frame from the server, read so that kinds and fields of a later server do no harm.

use std::borrow::Cow;

use contract::events::PassingEvent;
use contract::frames::{Goodbye, Hello, RoomEntry, ServerFrame};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Error, Event, Refusal};

/// A frame from the server.
#[derive(Debug)]
pub(super) enum Incoming {
    Reply {
        reply_to: String,
        outcome: Result<Box<RawValue>, Refusal>,
    },
    Hello(Box<Hello>),
    Rooms(Vec<RoomEntry>),
    Ready,
    Goodbye(Goodbye),
    Event(Event),
    Passing(PassingEvent),
    /// Of a later server; it is passed over.
    Unknown,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    reply_to: Option<Cow<'a, str>>,
    #[serde(default)]
    ok: bool,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    seq: Option<u64>,
}

impl Incoming {
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let wrong = |error: serde_json::Error| Error::Protocol(format!("a frame cannot be read: {error}"));
        let head: Head<'_> = serde_json::from_str(text).map_err(wrong)?;
        if let Some(reply_to) = head.reply_to {
            let outcome = if head.ok {
                Ok(head.data.map_or_else(empty, RawValue::to_owned))
            } else {
                Err(head.error.and_then(|error| serde_json::from_str(error.get()).ok()).unwrap_or(Refusal::bare(500)))
            };
            return Ok(Self::Reply { reply_to: reply_to.into_owned(), outcome });
        }
        if head.seq.is_some() {
            let json = RawValue::from_string(text.to_owned()).map_err(wrong)?;
            return Event::read(json).map(Self::Event).map_err(wrong);
        }
        Ok(match &*head.kind {
            "hello" | "rooms" | "ready" | "goodbye" => match serde_json::from_str(text).map_err(wrong)? {
                ServerFrame::Hello(hello) => Self::Hello(hello),
                ServerFrame::Rooms(started) => Self::Rooms(started.rooms),
                ServerFrame::Ready => Self::Ready,
                ServerFrame::Goodbye(goodbye) => Self::Goodbye(goodbye),
            },
            _ => serde_json::from_str(text).map_or(Self::Unknown, Self::Passing),
        })
    }
}

fn empty() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_has_its_data_or_a_refusal_even_with_a_code_that_nobody_knows() {
        let Ok(Incoming::Reply { reply_to, outcome: Ok(data) }) =
            Incoming::read(r#"{"reply_to": "7", "ok": true, "data": {"seq": 3}}"#)
        else {
            panic!("it is a reply");
        };
        assert_eq!((reply_to.as_str(), data.get()), ("7", r#"{"seq": 3}"#));
        let refused = r#"{"reply_to": "8", "ok": false, "error": {"code": "new", "status": 409, "title": "No"}}"#;
        let Ok(Incoming::Reply { outcome: Err(refusal), .. }) = Incoming::read(refused) else {
            panic!("it is a refusal");
        };
        assert_eq!((refusal.code.as_str(), refusal.status), ("new", 409));
    }

    #[test]
    fn what_a_later_server_says_is_passed_over_and_what_is_no_json_is_an_error() {
        assert!(matches!(Incoming::read(r#"{"type": "call.ringing", "data": {}}"#), Ok(Incoming::Unknown)));
        assert!(matches!(Incoming::read(r#"{"type": "ready", "since": 1}"#), Ok(Incoming::Ready)));
        assert!(Incoming::read("hello").is_err());
        assert!(Incoming::read("7").is_err());
    }
}
