//! The demo in the embedded store. The rows are those that the repositories would have written.

use rusqlite::{Connection, OptionalExtension, Result, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::demo::{PEOPLE, Person, ROOMS};
use super::{Fate, Scene, Welcome, detail, hash, must_be_current};
use crate::{Error, Service, sqlite};

const ROOM_CREATED: i64 = 1;
const MEMBER_JOINED: i64 = 2;
const MESSAGE_CREATED: i64 = 4;
const MEMBER: i64 = 0;
const OWNER: i64 = 2;
const MARKDOWN: i64 = 1;

fn failed(service: Service) -> impl Fn(rusqlite::Error) -> Error {
    move |error| Error::Failed { service: service.name(), cause: error.into() }
}

/// Makes the accounts that are missing; all or none.
///
/// # Errors
/// [`Error::Older`] or [`Error::Newer`] when the schema is not ours.
pub fn accounts(connection: &mut Connection, now: i64) -> Result<Vec<(&'static Person, Fate)>, Error> {
    let failed = failed(Service::Auth);
    must_be_current(Service::Auth, &sqlite::standing(connection, Service::Auth).map_err(&failed)?)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let mut fates = Vec::new();
    for person in PEOPLE {
        fates.push((person, account(&transaction, person, now)?));
    }
    transaction.commit().map_err(failed)?;
    Ok(fates)
}

fn account(connection: &Connection, person: &Person, now: i64) -> Result<Fate, Error> {
    let failed = failed(Service::Auth);
    let is_there = |sql: &str, values: &[&dyn rusqlite::ToSql]| connection.prepare(sql)?.exists(values);
    if is_there("SELECT 1 FROM users WHERE id = ?1", &[person.id.as_bytes()]).map_err(&failed)? {
        return Ok(Fate::There);
    }
    let taken = "SELECT 1 FROM users WHERE username_key = ?1 OR email_key = ?2";
    if is_there(taken, &[&person.username, &person.email]).map_err(&failed)? {
        return Ok(Fate::Taken);
    }
    let sql = "INSERT INTO users (id, username, username_key, email, email_key, display_name, bio, password_hash, created_at) \
               VALUES (?1, ?2, ?2, ?3, ?3, ?4, ?5, ?6, ?7)";
    let (id, hash) = (person.id.as_bytes(), hash(person.password)?);
    connection
        .execute(sql, params![id, person.username, person.email, person.display_name, person.bio, hash, now])
        .map_err(failed)?;
    Ok(Fate::Made)
}

/// Makes the rooms that are missing, with those people who have accounts; all or none.
///
/// # Errors
/// As for [`accounts`].
pub fn rooms(
    connection: &mut Connection,
    present: &[&'static Person],
    welcome: Welcome<'_>,
) -> Result<Vec<(&'static str, Fate)>, Error> {
    let failed = failed(Service::Chat);
    must_be_current(Service::Chat, &sqlite::standing(connection, Service::Chat).map_err(&failed)?)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let fates = write(&transaction, present, welcome).map_err(&failed)?;
    transaction.commit().map_err(failed)?;
    Ok(fates)
}

fn write(
    transaction: &Transaction<'_>,
    present: &[&'static Person],
    welcome: Welcome<'_>,
) -> Result<Vec<(&'static str, Fate)>> {
    for name in welcome.default_rooms {
        if public_room(transaction, name)?.is_none() {
            let first = detail(0, name, None, None, None);
            let room = New { id: Uuid::now_v7(), kind: 0, name, title: None, topic: None, maker: None };
            Log::create(transaction, &room, &first, welcome.now)?;
        }
    }
    for person in present {
        meet(transaction, person, welcome)?;
    }
    let scenes = ROOMS.iter().filter_map(|room| Scene::of(room, present, welcome.now));
    scenes.map(|scene| Ok((scene.room.name, play(transaction, &scene)?))).collect()
}

fn public_room(connection: &Connection, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT number FROM rooms WHERE name = ?1 AND kind = 0 AND archived_at IS NULL";
    connection.query_row(sql, [name], |row| row.get(0)).optional()
}

/// Whoever chat meets for the first time comes into the rooms that everybody is in.
fn meet(connection: &Connection, person: &Person, welcome: Welcome<'_>) -> Result<()> {
    let sql = "INSERT INTO users (id, username, username_key, display_name, profile_version, known_since) \
               VALUES (?1, ?2, ?2, ?3, 1, ?4) ON CONFLICT (id) DO NOTHING";
    let values = params![person.id.as_bytes(), person.username, person.display_name, welcome.now];
    if connection.execute(sql, values)? == 0 {
        return Ok(());
    }
    for name in welcome.default_rooms {
        if let Some(number) = public_room(connection, name)? {
            Log { connection, number }.enter(person.id, MEMBER, welcome.now)?;
        }
    }
    Ok(())
}

fn play(connection: &Connection, scene: &Scene) -> Result<Fate> {
    let room = scene.room;
    if connection.prepare("SELECT 1 FROM rooms WHERE id = ?1")?.exists([room.id.as_bytes()])? {
        return Ok(Fate::There);
    }
    if !room.is_private && public_room(connection, room.name)?.is_some() {
        return Ok(Fate::Taken);
    }
    let (title, topic) = (Some(room.title), Some(room.topic));
    let new = New { id: room.id, kind: room.kind(), name: room.name, title, topic, maker: scene.owner() };
    let log = Log::create(connection, &new, &scene.detail(), scene.made_at)?;
    for (place, member) in scene.members.iter().enumerate() {
        log.enter(member.id, if place == 0 { OWNER } else { MEMBER }, scene.made_at)?;
    }
    for said in &scene.said {
        log.say(said)?;
    }
    Ok(Fate::Made)
}

struct New<'n> {
    id: Uuid,
    kind: i16,
    name: &'n str,
    title: Option<&'n str>,
    topic: Option<&'n str>,
    maker: Option<Uuid>,
}

/// A room's log, which grows by one row and its counters at a time.
struct Log<'c> {
    connection: &'c Connection,
    number: i64,
}

impl<'c> Log<'c> {
    fn create(connection: &'c Connection, new: &New<'_>, detail: &str, at: i64) -> Result<Self> {
        let maker = new.maker.as_ref().map(Uuid::as_bytes);
        connection.execute(
            "INSERT INTO rooms (id, kind, name, title, topic, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![new.id.as_bytes(), new.kind, new.name, new.title, new.topic, maker, at],
        )?;
        let log = Self { connection, number: connection.last_insert_rowid() };
        connection.execute("INSERT INTO room_counters (room) VALUES (?1)", [log.number])?;
        log.change(ROOM_CREATED, new.maker, None, Some(detail), at)?;
        Ok(log)
    }

    /// Moves the counters and gives the new place and the number of messages up to it.
    fn next(&self, messages: i64, members: i64, at: i64) -> Result<(i64, i64)> {
        self.connection.query_row(
            "UPDATE room_counters SET head_seq = head_seq + 1, message_count = message_count + ?2, \
                    member_count = member_count + ?3, last_event_at = ?4 \
             WHERE room = ?1 RETURNING head_seq, message_count",
            params![self.number, messages, members, at],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Appends an event that is no message. A subject is somebody who comes in.
    fn change(
        &self,
        kind: i64,
        actor: Option<Uuid>,
        subject: Option<Uuid>,
        detail: Option<&str>,
        at: i64,
    ) -> Result<i64> {
        let (seq, message_no) = self.next(0, i64::from(subject.is_some()), at)?;
        let (actor, subject) = (actor.as_ref().map(Uuid::as_bytes), subject.as_ref().map(Uuid::as_bytes));
        self.connection.execute(
            "INSERT INTO events (room, seq, kind, at, actor, subject, message_no, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![self.number, seq, kind, at, actor, subject, message_no, detail],
        )?;
        Ok(seq)
    }

    fn enter(&self, user: Uuid, role: i64, at: i64) -> Result<()> {
        let seq = self.change(MEMBER_JOINED, Some(user), Some(user), None, at)?;
        let sql = "INSERT INTO members (room, user, role, joined_at, read_seq) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.connection.execute(sql, params![self.number, user.as_bytes(), role, at, seq])?;
        let counted = "UPDATE users SET membership_no = membership_no + 1 WHERE id = ?1";
        self.connection.execute(counted, [user.as_bytes()]).map(drop)
    }

    fn say(&self, said: &super::Said) -> Result<()> {
        let (seq, message_no) = self.next(1, 0, said.at)?;
        let mentions: Vec<u8> = said.mentions.iter().flat_map(|user| *user.as_bytes()).collect();
        let mentions = (!mentions.is_empty()).then_some(mentions);
        let (id, author) = (said.id.as_bytes(), said.author.as_bytes());
        self.connection.execute(
            "INSERT INTO events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, reply_to, \
                                 mentions, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11)",
            params![
                self.number,
                seq,
                MESSAGE_CREATED,
                said.at,
                author,
                message_no,
                id,
                MARKDOWN,
                said.answers.as_ref().map(Uuid::as_bytes),
                mentions,
                said.body
            ],
        )?;
        // Who writes has seen the room.
        let marked = "UPDATE members SET read_seq = ?3 WHERE room = ?1 AND user = ?2";
        self.connection.execute(marked, params![self.number, author, seq])?;
        for user in &said.mentions {
            let noted = "INSERT INTO mentions (room, user, seq) VALUES (?1, ?2, ?3)";
            self.connection.execute(noted, params![self.number, user.as_bytes(), seq])?;
        }
        Ok(())
    }
}
