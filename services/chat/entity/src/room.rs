//! Places where people talk.

use kernel::{RoomId, Timestamp, UserId};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{RoomName, Seq};

const MAX_TITLE_CHARS: usize = 200;
const MAX_TOPIC_CHARS: usize = 1_000;
const MAX_METADATA_BYTES: usize = 4 * 1024;

/// Who may find a room, and how one gets in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RoomKind {
    /// In the directory; everyone may join.
    Public,
    /// Invisible to those who are not in it.
    Private,
    /// Between a fixed set of people.
    Direct,
}

/// A room as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Who may find it.
    pub kind: RoomKind,
    /// Its name; direct rooms have none.
    pub name: Option<RoomName>,
    /// Title, topic and metadata.
    pub details: RoomDetails,
    /// Who made it; nobody for the default rooms.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// When it was closed for good.
    pub archived_at: Option<Timestamp>,
    /// How many are in it.
    pub member_count: u64,
    /// Its latest event.
    pub head_seq: Seq,
}

/// What a room's owner may say of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RoomDetails {
    /// A title to show, up to 200 characters.
    pub title: Option<String>,
    /// What it is about, up to 1,000 characters.
    pub topic: Option<String>,
    /// Whatever an application keeps there, up to 4 KiB as JSON.
    pub metadata: Map<String, Value>,
}

/// Which part of the details is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RoomDetailsError {
    /// The title.
    #[error("must have at most {MAX_TITLE_CHARS} characters and no line breaks or control characters")]
    Title,
    /// The topic.
    #[error("must have at most {MAX_TOPIC_CHARS} characters and no control characters")]
    Topic,
    /// The metadata.
    #[error("must be at most {MAX_METADATA_BYTES} bytes as JSON")]
    Metadata,
}

impl RoomDetails {
    /// All that is wrong with the details; empty when they are fine.
    pub fn errors(&self) -> Vec<RoomDetailsError> {
        let fits = |text: &Option<String>, max: usize, allowed: fn(char) -> bool| {
            text.as_ref().is_none_or(|text| text.chars().count() <= max && text.chars().all(allowed))
        };
        let mut errors = Vec::new();
        if !fits(&self.title, MAX_TITLE_CHARS, |c| !c.is_control()) {
            errors.push(RoomDetailsError::Title);
        }
        if !fits(&self.topic, MAX_TOPIC_CHARS, |c| !c.is_control() || c == '\n') {
            errors.push(RoomDetailsError::Topic);
        }
        if Value::Object(self.metadata.clone()).to_string().len() > MAX_METADATA_BYTES {
            errors.push(RoomDetailsError::Metadata);
        }
        errors
    }
}

/// A room that somebody wants to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRoom {
    /// Public or private; direct rooms are made in another way.
    pub kind: RoomKind,
    /// Its name.
    pub name: RoomName,
    /// Title, topic and metadata, already checked.
    pub details: RoomDetails,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_detail_has_a_limit_of_its_own() {
        let long = |chars: usize| Some("x".repeat(chars));
        let metadata: Map<_, _> =
            [("key".to_owned(), Value::from("x".repeat(MAX_METADATA_BYTES)))].into_iter().collect();
        let fine = RoomDetails { title: long(200), topic: Some("two\nlines".to_owned()), metadata: Map::new() };
        assert_eq!(fine.errors(), []);
        let wrong = RoomDetails { title: long(201), topic: long(1_001), metadata };
        assert_eq!(wrong.errors(), [RoomDetailsError::Title, RoomDetailsError::Topic, RoomDetailsError::Metadata]);
        let line_break = RoomDetails { title: Some("a\nb".to_owned()), ..RoomDetails::default() };
        assert_eq!(line_break.errors(), [RoomDetailsError::Title]);
    }
}
