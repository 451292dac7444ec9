//! Who is in a room with whom, among given users.

use chat_entity::Profile;
use kernel::{RoomId, UserId};
use rusqlite::{Connection, Result, params};
use serde_json::Value;

use super::rows;

/// The users of a parameter, which is a JSON list of ids in hexadecimal.
const IN_ROOM: &str = "SELECT u.id, u.username, u.display_name, u.avatar_url \
     FROM json_each(?2) asked CROSS JOIN members m ON m.room = ?1 AND m.user = unhex(asked.value) \
     CROSS JOIN users u ON u.id = m.user \
     ORDER BY u.username_key, u.id LIMIT ?3";

/// For each user it stops at the first room that both are in.
const NEIGHBOURS: &str = "SELECT u.id, u.username, u.display_name, u.avatar_url \
     FROM json_each(?2) asked CROSS JOIN users u ON u.id = unhex(asked.value) \
     WHERE u.id = ?1 OR EXISTS ( \
         SELECT 1 FROM members theirs CROSS JOIN members mine ON mine.room = theirs.room AND mine.user = ?1 \
         WHERE theirs.user = u.id \
     ) \
     ORDER BY u.username_key, u.id LIMIT ?3";

const ROOMS_OF: &str = "SELECT m.user, r.id FROM json_each(?1) asked CROSS JOIN members m ON m.user = unhex(asked.value) \
     CROSS JOIN rooms r ON r.number = m.room";

pub(super) fn in_room(connection: &Connection, room: i64, users: &[UserId], limit: u32) -> Result<Vec<Profile>> {
    let mut found = connection.prepare_cached(IN_ROOM)?;
    found.query_map(params![room, list(users), limit], |row| rows::profile(row, 0))?.collect()
}

pub(super) fn of(connection: &Connection, reader: UserId, users: &[UserId], limit: u32) -> Result<Vec<Profile>> {
    let mut found = connection.prepare_cached(NEIGHBOURS)?;
    found.query_map(params![reader.as_bytes(), list(users), limit], |row| rows::profile(row, 0))?.collect()
}

pub(super) fn rooms_of(connection: &Connection, users: &[UserId]) -> Result<Vec<(UserId, RoomId)>> {
    let mut found = connection.prepare_cached(ROOMS_OF)?;
    found.query_map([list(users)], |row| Ok((rows::user_id(row, 0)?, RoomId::from_bytes(row.get(1)?))))?.collect()
}

/// Each user once, as the queries read them.
fn list(users: &[UserId]) -> String {
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    let hexadecimal = |user: UserId| Value::String(format!("{:032x}", u128::from_be_bytes(*user.as_bytes())));
    Value::Array(users.into_iter().map(hexadecimal).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;

    #[test]
    fn each_user_who_is_asked_for_costs_a_look_into_indexes() {
        for sql in [IN_ROOM, NEIGHBOURS, ROOMS_OF] {
            let plan = plan::of(sql);
            assert!(plan.contains("SCAN asked VIRTUAL TABLE"), "{plan}");
            assert!(!plan.contains("SCAN m") && !plan.contains("SCAN u") && !plan.contains("SCAN theirs"), "{plan}");
        }
        assert!(plan::of(NEIGHBOURS).contains("SEARCH mine USING PRIMARY KEY (room=? AND user=?)"));
    }
}
