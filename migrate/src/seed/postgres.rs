//! The demo in PostgreSQL, through the functions that the repositories call: they take the rooms' locks, so that seeding
//! beside running servers keeps every log dense.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error as PostgresError, Transaction};
use uuid::Uuid;

use super::demo::{PEOPLE, Person, ROOMS};
use super::{Fate, Said, Scene, Welcome, detail, hash, must_be_current};
use crate::postgres::{LOCKS, failed, lock_of, standing};
use crate::{Error, Service};

const MEMBER: i16 = 0;
const OWNER: i16 = 2;
const MARKDOWN: i16 = 1;
const CREATED: i32 = 0;
/// Whoever migrates may take as long as this; and hashing passwords is a pause between two statements.
const BOUNDS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; \
                      SET LOCAL idle_in_transaction_session_timeout = 0";

type Values<'v, const N: usize> = [&'v (dyn ToSql + Sync); N];

/// A transaction of its own, beside which nobody migrates or seeds, on the schema that we know.
async fn begin(client: &mut Client, service: Service) -> Result<Transaction<'_>, Error> {
    let transaction = client.transaction().await.map_err(|error| failed(service, error))?;
    let locked = async {
        transaction.batch_execute(BOUNDS).await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1, $2)", &[&LOCKS, &lock_of(service)]).await
    };
    locked.await.map_err(|error| failed(service, error))?;
    let found = standing(transaction.client(), service).await.map_err(|error| failed(service, error))?;
    must_be_current(service, &found)?;
    Ok(transaction)
}

/// Makes the accounts that are missing; all or none.
///
/// # Errors
/// [`Error::Older`] or [`Error::Newer`] when the schema is not ours.
pub async fn accounts(client: &mut Client, now: i64) -> Result<Vec<(&'static Person, Fate)>, Error> {
    let transaction = begin(client, Service::Auth).await?;
    let mut fates = Vec::new();
    for person in PEOPLE {
        let fate = account(&transaction, person, now).await?;
        fates.push((person, fate));
    }
    transaction.commit().await.map_err(|error| failed(Service::Auth, error))?;
    Ok(fates)
}

async fn account(transaction: &Transaction<'_>, person: &Person, now: i64) -> Result<Fate, Error> {
    let failed = |error: PostgresError| failed(Service::Auth, error);
    let there = "SELECT FROM auth.users WHERE id = $1";
    if transaction.query_opt(there, &[&person.id]).await.map_err(failed)?.is_some() {
        return Ok(Fate::There);
    }
    // A name that somebody takes at this moment is taken, too.
    let sql = "INSERT INTO auth.users (id, username, username_key, email, email_key, display_name, bio, password_hash, created_at) \
               VALUES ($1, $2, $2, $3, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let hash = hash(person.password)?;
    let made = transaction
        .execute(sql, &[&person.id, &person.username, &person.email, &person.display_name, &person.bio, &hash, &now])
        .await
        .map_err(failed)?;
    Ok(if made == 1 { Fate::Made } else { Fate::Taken })
}

/// Makes the rooms that are missing, with those people who have accounts; all or none.
///
/// # Errors
/// As for [`accounts`].
pub async fn rooms(
    client: &mut Client,
    present: &[&'static Person],
    welcome: Welcome<'_>,
) -> Result<Vec<(&'static str, Fate)>, Error> {
    let transaction = begin(client, Service::Chat).await?;
    let fates = write(&transaction, present, welcome).await?;
    transaction.commit().await.map_err(of_chat)?;
    Ok(fates)
}

async fn write(
    transaction: &Transaction<'_>,
    present: &[&'static Person],
    welcome: Welcome<'_>,
) -> Result<Vec<(&'static str, Fate)>, Error> {
    for name in welcome.default_rooms {
        let first = detail(0, name, None, None, None);
        let ensure = "SELECT chat.ensure_room($1, $2, $3, $4, $5)";
        let values: Values<'_, 5> = [&Uuid::now_v7(), name, &name.to_lowercase(), &first, &welcome.now];
        transaction.execute(ensure, &values).await.map_err(of_chat)?;
    }
    for person in present {
        let meet = "SELECT FROM chat.welcome($1, $2, $2, $3, NULL, 1, $4, $5)";
        let values: Values<'_, 5> =
            [&person.id, &person.username, &person.display_name, &welcome.default_rooms, &welcome.now];
        transaction.execute(meet, &values).await.map_err(of_chat)?;
    }
    let mut fates = Vec::new();
    for scene in ROOMS.iter().filter_map(|room| Scene::of(room, present, welcome.now)) {
        fates.push((scene.room.name, play(transaction, &scene).await?));
    }
    Ok(fates)
}

async fn play(transaction: &Transaction<'_>, scene: &Scene) -> Result<Fate, Error> {
    let room = scene.room;
    let there = "SELECT FROM chat.rooms WHERE id = $1";
    if transaction.query_opt(there, &[&room.id]).await.map_err(of_chat)?.is_some() {
        return Ok(Fate::There);
    }
    let taken = "SELECT FROM chat.rooms WHERE name = $1 AND kind = 0 AND archived_at IS NULL";
    if !room.is_private && transaction.query_opt(taken, &[&room.name]).await.map_err(of_chat)?.is_some() {
        return Ok(Fate::Taken);
    }
    let insert = "SELECT chat.insert_room($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9, $10)";
    let (name_key, title_key) = (room.name.to_lowercase(), room.title.to_lowercase());
    let (kind, detail, owner) = (room.kind(), scene.detail(), scene.owner());
    let values: Values<'_, 10> =
        [&room.id, &kind, &room.name, &name_key, &room.title, &title_key, &room.topic, &detail, &owner, &scene.made_at];
    let made = transaction.query_one(insert, &values).await;
    let number: i64 = made.and_then(|row| row.try_get(0)).map_err(of_chat)?;
    for (place, member) in scene.members.iter().enumerate() {
        let role = if place == 0 { OWNER } else { MEMBER };
        let values: Values<'_, 4> = [&number, &member.id, &role, &scene.made_at];
        transaction.execute("SELECT chat.enter($1, $2, $3, $4)", &values).await.map_err(of_chat)?;
    }
    for said in &scene.said {
        say(transaction, room.id, said).await?;
    }
    Ok(Fate::Made)
}

/// One call for each message: an answer is to one that was there before the call.
async fn say(transaction: &Transaction<'_>, room: Uuid, said: &Said) -> Result<(), Error> {
    let append = "SELECT outcome FROM chat.append_messages(ARRAY[$1::uuid], ARRAY[$2::uuid], ARRAY[$3::uuid], ARRAY[$3::uuid], \
                  ARRAY[$4::smallint], ARRAY[$5::uuid], ARRAY[$6::text], ARRAY[$7::bigint], ARRAY[$8::text])";
    let names = (!said.names.is_empty()).then(|| said.names.join(","));
    let values: Values<'_, 8> = [&room, &said.author, &said.id, &MARKDOWN, &said.answers, &said.body, &said.at, &names];
    let appended = transaction.query_one(append, &values).await;
    match appended.and_then(|row| row.try_get(0)).map_err(of_chat)? {
        CREATED => Ok(()),
        outcome => Err(failed(Service::Chat, format!("a message of the demo was refused, with outcome {outcome}"))),
    }
}

fn of_chat(error: PostgresError) -> Error {
    failed(Service::Chat, error)
}
