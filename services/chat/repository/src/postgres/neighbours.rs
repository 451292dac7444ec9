//! Who is in a room with whom, among given users.

use chat_entity::Profile;
use chat_usecase::port::Access;
use database::postgres::Connection;
use kernel::{RoomId, UserId};
use uuid::Uuid;

use super::members::Sight;
use super::rows::{self, Result};

/// What the reader sees of the room, and then each of the users who is in it. A room without any is one row without a user.
pub(super) const IN_ROOM: &str = "SELECT r.kind, me.room IS NOT NULL, p.* \
     FROM chat.rooms r LEFT JOIN chat.members me ON me.room = r.number AND me.\"user\" = $2 \
     LEFT JOIN LATERAL ( \
         SELECT u.id, u.username, u.display_name, u.avatar_url, u.username_key \
         FROM unnest($3::uuid[]) AS asked (id) \
         CROSS JOIN LATERAL ( \
             SELECT m.\"user\" FROM chat.members m WHERE m.room = me.room AND m.\"user\" = asked.id LIMIT 1 \
         ) m \
         JOIN chat.users u ON u.id = m.\"user\" \
         ORDER BY u.username_key, u.id LIMIT $4 \
     ) p ON true \
     WHERE r.id = $1 ORDER BY p.username_key, p.id";

/// The users are sorted first, so that as many are looked at as are wanted, and for each it stops at the first room that both
/// are in. The offsets, and the comparison that is no condition of its own, keep the planner from reading all members of all
/// the reader's rooms instead.
pub(super) const NEIGHBOURS: &str = "SELECT u.id, u.username, u.display_name, u.avatar_url \
     FROM ( \
         SELECT u.id, u.username, u.display_name, u.avatar_url, u.username_key \
         FROM unnest($2::uuid[]) AS asked (id) JOIN chat.users u ON u.id = asked.id \
         ORDER BY u.username_key, u.id OFFSET 0 \
     ) u \
     WHERE u.id = $1 OR EXISTS ( \
         SELECT FROM chat.members theirs \
         WHERE theirs.\"user\" = u.id \
           AND (theirs.room IN (SELECT mine.room FROM chat.members mine WHERE mine.\"user\" = $1)) IS TRUE \
         OFFSET 0 \
     ) \
     ORDER BY u.username_key, u.id LIMIT $3";

const ROOMS_OF: &str = "SELECT m.\"user\", r.id \
     FROM unnest($1::uuid[]) AS asked (id) JOIN chat.members m ON m.\"user\" = asked.id \
     JOIN chat.rooms r ON r.number = m.room";

pub(super) async fn in_room(
    connection: &Connection,
    reader: UserId,
    room: RoomId,
    users: &[UserId],
    limit: u32,
) -> Result<Access<Vec<Profile>>> {
    let statement = connection.prepare_cached(IN_ROOM).await?;
    let found =
        connection.query(&statement, &[&room.as_uuid(), &reader.as_uuid(), &each(users), &i64::from(limit)]).await?;
    Sight::of(found.first())?.for_members(|| {
        let mut profiles = Vec::new();
        for row in &found {
            if rows::get::<Option<Uuid>>(row, 2)?.is_some() {
                profiles.push(rows::profile(row, 2)?);
            }
        }
        Ok(profiles)
    })
}

pub(super) async fn of(connection: &Connection, reader: UserId, users: &[UserId], limit: u32) -> Result<Vec<Profile>> {
    let statement = connection.prepare_cached(NEIGHBOURS).await?;
    let found = connection.query(&statement, &[&reader.as_uuid(), &each(users), &i64::from(limit)]).await?;
    found.iter().map(|row| rows::profile(row, 0)).collect()
}

pub(super) async fn rooms_of(connection: &Connection, users: &[UserId]) -> Result<Vec<(UserId, RoomId)>> {
    let statement = connection.prepare_cached(ROOMS_OF).await?;
    let found = connection.query(&statement, &[&each(users)]).await?;
    found.iter().map(|row| Ok((rows::get::<Uuid>(row, 0)?.into(), rows::get::<Uuid>(row, 1)?.into()))).collect()
}

/// Each user once.
fn each(users: &[UserId]) -> Vec<Uuid> {
    let mut users: Vec<Uuid> = users.iter().map(|user| user.as_uuid()).collect();
    users.sort_unstable();
    users.dedup();
    users
}
