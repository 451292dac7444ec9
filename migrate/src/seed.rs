//! Demo accounts and rooms, for those who want to see something at once. Seeding twice is seeding once.

pub mod demo;
pub mod postgres;
pub mod sqlite;

use argon2::Argon2;
use argon2::PasswordHasher;
use uuid::Uuid;

use crate::{Error, Service, Standing};
use demo::{Person, Room};

/// What became of an account or a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was made.
    Made,
    /// It was there before, from an earlier run, and is as its people left it.
    There,
    /// Somebody else has its name, or its address; nothing was done.
    Taken,
}

/// When a person of the demo comes into a room that everybody is in.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'d> {
    /// The rooms that everybody is in from the start, as `CHAT_DEFAULT_ROOMS` names them.
    pub default_rooms: &'d [String],
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// A message of the demo, with everything that a log wants to know.
struct Said {
    id: Uuid,
    author: Uuid,
    at: i64,
    body: &'static str,
    /// The users that it names.
    mentions: Vec<Uuid>,
    /// The same by name, in lower case.
    names: Vec<&'static str>,
    answers: Option<Uuid>,
}

/// A room of the demo with those of its people who are there.
struct Scene {
    room: &'static Room,
    made_at: i64,
    /// The first one owns it.
    members: Vec<&'static Person>,
    said: Vec<Said>,
}

/// Between a message and the next, in milliseconds.
const PACE: i64 = 60_000;

impl Scene {
    /// `None` when nobody of the room is there. Who is not leaves out what they would have said; an answer to that answers
    /// nothing.
    fn of(room: &'static Room, present: &[&'static Person], now: i64) -> Option<Self> {
        let find = |name: &str| present.iter().copied().find(|person| person.username == name);
        let members: Vec<_> = room.members.iter().filter_map(|name| find(name)).collect();
        if members.is_empty() {
            return None;
        }
        let made_at = now - PACE * (1 + i64::try_from(room.lines.len()).unwrap_or(0));
        let spoken = |nth: usize| room.lines.get(nth).is_some_and(|line| find(line.by).is_some());
        let said = room.lines.iter().enumerate().filter_map(|(nth, line)| {
            let named: Vec<_> = line.names.iter().filter_map(|name| find(name)).collect();
            Some(Said {
                id: room.message_id(nth),
                author: find(line.by)?.id,
                at: made_at + PACE * (1 + i64::try_from(nth).unwrap_or(0)),
                body: line.body,
                mentions: named.iter().map(|person| person.id).collect(),
                names: named.iter().map(|person| person.username).collect(),
                answers: line.answers.filter(|nth| spoken(*nth)).map(|nth| room.message_id(nth)),
            })
        });
        Some(Self { room, made_at, members, said: said.collect() })
    }

    fn owner(&self) -> Option<Uuid> {
        self.members.first().map(|owner| owner.id)
    }

    /// What the room's first event keeps of it.
    fn detail(&self) -> String {
        detail(self.room.kind(), self.room.name, Some(self.room.title), Some(self.room.topic), self.owner())
    }
}

/// A room as it was made, as the repositories write it.
fn detail(kind: i16, name: &str, title: Option<&str>, topic: Option<&str>, created_by: Option<Uuid>) -> String {
    serde_json::json!({
        "kind": kind, "name": name, "title": title, "topic": topic, "metadata": {}, "created_by": created_by,
    })
    .to_string()
}

/// A hash at the cost that the server has by default. One with another cost makes it anew when its owner signs in.
fn hash(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Failed {
        service: Service::Auth.name(),
        cause: format!("a password could not be hashed: {error}").into(),
    })
}

/// Rows are written for one version of the schema alone.
fn must_be_current(service: Service, standing: &Standing) -> Result<(), Error> {
    let (service, found, known) = (service.name(), standing.found, standing.known);
    match standing.is_current() {
        true => Ok(()),
        false if found > known => Err(Error::Newer { service, found, known }),
        false => Err(Error::Older { service, found, known }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demo::{PEOPLE, ROOMS};

    #[test]
    fn a_hash_costs_what_the_servers_do_and_has_a_salt_of_its_own() {
        let (one, other) = (hash("a fine long one").unwrap(), hash("a fine long one").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn who_is_not_there_says_nothing_and_is_not_named_or_answered() {
        let room = &ROOMS[0];
        let everybody: Vec<_> = PEOPLE.iter().collect();
        let whole = Scene::of(room, &everybody, 0).unwrap();
        assert_eq!(whole.said.len(), room.lines.len());
        assert!(whole.said.iter().any(|said| !said.mentions.is_empty()));
        assert!(whole.said.iter().any(|said| said.answers.is_some()));
        let without: Vec<_> = PEOPLE.iter().filter(|person| person.username != room.members[0]).collect();
        let rest = Scene::of(room, &without, 0).unwrap();
        let gone = whole.owner().unwrap();
        assert_ne!(rest.owner(), Some(gone));
        assert!(rest.said.iter().all(|said| said.author != gone && !said.mentions.contains(&gone)));
        let ids: Vec<_> = rest.said.iter().map(|said| said.id).collect();
        assert!(rest.said.iter().filter_map(|said| said.answers).all(|answered| ids.contains(&answered)));
        assert!(Scene::of(room, &[], 0).is_none());
    }
}
