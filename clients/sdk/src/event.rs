//! One entry of a room's log as a client reads it: with kinds that this version does not know.

use contract::events::{LogContent, LogEvent};
use kernel::{RoomId, Timestamp, UserId};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// One entry of a room's log. It is written as JSON just as the server has written it.
#[derive(Clone, Debug)]
pub struct Event {
    /// The room.
    pub room_id: RoomId,
    /// The place in the room's log: 1, 2, 3 …
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; `None` for the server itself.
    pub actor_id: Option<UserId>,
    /// What happened; `None` for a kind that this version does not know, which counts for its `seq` all the same.
    pub content: Option<LogContent>,
    /// The kind, such as `message.created`.
    pub kind: String,
    json: Box<RawValue>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    room_id: RoomId,
    seq: u64,
    at: Timestamp,
    #[serde(default)]
    actor_id: Option<UserId>,
}

impl Event {
    /// Reads an event; an error when it has no place in a log.
    pub(crate) fn read(json: Box<RawValue>) -> Result<Self, serde_json::Error> {
        let head: Head = serde_json::from_str(json.get())?;
        let content = serde_json::from_str::<LogEvent>(json.get()).ok().map(|event| event.content);
        let Head { kind, room_id, seq, at, actor_id } = head;
        Ok(Self { room_id, seq, at, actor_id, content, kind, json })
    }

    /// The object as the server has sent it.
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Box::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_nobody_knows_has_a_place_and_is_written_as_it_came() {
        let room = RoomId::new();
        let json = format!(
            r#"{{"type":"poll.opened","room_id":"{room}","seq":7,"at":"2026-11-21T11:08:14.120Z","actor_id":null,"data":{{"x":1}},"new":2}}"#
        );
        let event: Event = serde_json::from_str(&json).unwrap();
        assert_eq!((event.seq, event.kind.as_str(), event.content.is_none()), (7, "poll.opened", true));
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
    }

    #[test]
    fn what_has_no_place_in_a_log_is_no_event() {
        assert!(serde_json::from_str::<Event>(r#"{"type":"ready"}"#).is_err());
    }
}
