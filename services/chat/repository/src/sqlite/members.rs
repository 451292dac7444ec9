//! Who is in a room, who may see it, and coming and going.

use chat_entity::{Event, EventContent, Profile, Role, Room, RoomKind, Seq};
use chat_usecase::port::{Join, Joined, Left, Marked, MemberOf, Place, RoomPage};
use database::sqlite::Tx;
use kernel::{RoomId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::append::{Change, Counters, append_change};
use super::rows;
use super::standings::cut;

/// What somebody sees of a room.
pub(super) enum Sight {
    /// It from the inside; this is its number.
    Member(i64),
    /// That it is there: it is public.
    Outside,
    /// Nothing.
    Nothing,
}

pub(super) fn sight(connection: &Connection, user: UserId, room: RoomId) -> Result<Sight> {
    let found = connection
        .prepare_cached(
            "SELECT r.number, r.kind, m.user IS NOT NULL FROM rooms r \
             LEFT JOIN members m ON m.room = r.number AND m.user = ?2 WHERE r.id = ?1",
        )?
        .query_row(params![room.as_bytes(), user.as_bytes()], |row| {
            Ok((row.get(0)?, rows::room_kind(row.get(1)?)?, row.get(2)?))
        })
        .optional()?;
    Ok(match found {
        Some((number, _, true)) => Sight::Member(number),
        Some((_, RoomKind::Public, false)) => Sight::Outside,
        Some((_, RoomKind::Private | RoomKind::Direct, false)) | None => Sight::Nothing,
    })
}

pub(super) fn counters(connection: &Connection, number: i64) -> Result<Counters> {
    connection
        .prepare_cached("SELECT head_seq, message_count, member_count FROM room_counters WHERE room = ?1")?
        .query_row([number], |row| {
            Ok(Counters { number, head: rows::seq(row, 0)?, messages: row.get(1)?, members: row.get(2)? })
        })
}

pub(super) fn room_by_number(connection: &Connection, number: i64) -> Result<Room> {
    let sql = format!(
        "SELECT {} FROM rooms r JOIN room_counters c ON c.room = r.number WHERE r.number = ?1",
        rows::ROOM_COLUMNS
    );
    connection.prepare_cached(&sql)?.query_row([number], |row| rows::room(row, 0))
}

pub(super) fn profile_of(connection: &Connection, user: UserId) -> Result<Option<Profile>> {
    connection
        .prepare_cached("SELECT id, username, display_name, avatar_url FROM users WHERE id = ?1")?
        .query_row([user.as_bytes()], |row| rows::profile(row, 0))
        .optional()
}

pub(super) fn is_in_too_many(connection: &Connection, user: UserId, max_rooms: u32) -> Result<bool> {
    let rooms: u32 = connection
        .prepare_cached("SELECT count(*) FROM members WHERE user = ?1")?
        .query_row([user.as_bytes()], |row| row.get(0))?;
    Ok(rooms >= max_rooms)
}

/// Puts somebody into a room, with the event; the read mark begins at that event.
pub(super) fn add_member(
    tx: &mut Tx<'_, Event>,
    counters: &mut Counters,
    room_id: RoomId,
    member: &Profile,
    role: Role,
    at: Timestamp,
) -> Result<()> {
    let user = member.id;
    let change = Change {
        room_id,
        at,
        actor: Some(user),
        content: EventContent::MemberJoined(member.clone()),
        subject: Some(member),
        members: 1,
    };
    let seq = append_change(tx, counters, change)?;
    tx.connection()
        .prepare_cached("INSERT INTO members (room, user, role, joined_at, read_seq) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            counters.number,
            user.as_bytes(),
            rows::role_number(role),
            at.as_millis(),
            rows::integer(seq.get())
        ])?;
    count_membership(tx.connection(), user)
}

/// Notes that a user has come into a room or gone out of one.
fn count_membership(connection: &Connection, user: UserId) -> Result<()> {
    connection
        .prepare_cached("UPDATE users SET membership_no = membership_no + 1 WHERE id = ?1")?
        .execute([user.as_bytes()])
        .map(drop)
}

pub(super) fn join(tx: &mut Tx<'_, Event>, join: &Join) -> Result<Joined> {
    let connection = tx.connection();
    let found: Option<(i64, RoomKind, bool)> = connection
        .prepare_cached("SELECT number, kind, archived_at IS NOT NULL FROM rooms WHERE id = ?1")?
        .query_row([join.room.as_bytes()], |row| Ok((row.get(0)?, rows::room_kind(row.get(1)?)?, row.get(2)?)))
        .optional()?;
    let Some((number, kind, archived)) = found else { return Ok(Joined::NoSuchRoom) };
    if matches!(sight(connection, join.user, join.room)?, Sight::Member(_)) {
        return Ok(Joined::Already(Box::new(room_by_number(connection, number)?)));
    }
    if kind != RoomKind::Public {
        return Ok(Joined::NoSuchRoom);
    }
    if archived {
        return Ok(Joined::Archived);
    }
    if is_in_too_many(connection, join.user, join.max_rooms)? {
        return Ok(Joined::TooManyRooms);
    }
    let Some(profile) = profile_of(connection, join.user)? else {
        return Err(rows::broken(0, "a user joins who was never welcomed"));
    };
    let mut counters = counters(connection, number)?;
    add_member(tx, &mut counters, join.room, &profile, Role::Member, join.at)?;
    Ok(Joined::New(Box::new(room_by_number(tx.connection(), number)?)))
}

pub(super) fn leave(tx: &mut Tx<'_, Event>, user: UserId, room_id: RoomId, at: Timestamp) -> Result<Left> {
    let connection = tx.connection();
    let number = match sight(connection, user, room_id)? {
        Sight::Member(number) => number,
        Sight::Outside => return Ok(Left::NotAMember),
        Sight::Nothing => return Ok(Left::NoSuchRoom),
    };
    for sql in
        ["DELETE FROM members WHERE room = ?1 AND user = ?2", "DELETE FROM mentions WHERE room = ?1 AND user = ?2"]
    {
        connection.prepare_cached(sql)?.execute(params![number, user.as_bytes()])?;
    }
    count_membership(connection, user)?;
    let Some(profile) = profile_of(connection, user)? else {
        return Err(rows::broken(0, "a member whom nobody knows"));
    };
    let mut counters = counters(connection, number)?;
    let content = EventContent::MemberLeft(profile.clone());
    let change = Change { room_id, at, actor: Some(user), content, subject: Some(&profile), members: -1 };
    append_change(tx, &mut counters, change)?;
    Ok(Left::Done)
}

pub(super) fn mark_read(connection: &Connection, number: i64, user: UserId, seq: Seq) -> Result<Marked> {
    let counters = counters(connection, number)?;
    let wanted = rows::integer(seq.min(counters.head).get());
    let moved = connection
        .prepare_cached("UPDATE members SET read_seq = ?3 WHERE room = ?1 AND user = ?2 AND read_seq < ?3")?
        .execute(params![number, user.as_bytes(), wanted])?;
    if moved > 0 {
        connection
            .prepare_cached("DELETE FROM mentions WHERE room = ?1 AND user = ?2 AND seq <= ?3")?
            .execute(params![number, user.as_bytes(), wanted])?;
    }
    let read_seq = connection
        .prepare_cached("SELECT read_seq FROM members WHERE room = ?1 AND user = ?2")?
        .query_row(params![number, user.as_bytes()], |row| rows::seq(row, 0))?;
    Ok(Marked { read_seq, moved: moved > 0, member_count: u64::try_from(counters.members).unwrap_or(0) })
}

const SELECT_MEMBERS: &str = "SELECT u.id, u.username, u.display_name, u.avatar_url, m.role, m.joined_at, m.read_seq, u.rowid \
     FROM members m JOIN users u ON u.id = m.user \
     WHERE m.room = ?1 AND (m.joined_at, u.rowid) > (?2, ?3) ORDER BY m.joined_at, u.rowid LIMIT ?4";

pub(super) fn page(connection: &Connection, room: i64, after: Option<Place>, limit: u32) -> Result<RoomPage<MemberOf>> {
    // Two who joined in one millisecond are told apart by their account's place in its table.
    let after = after.unwrap_or(Place { major: i64::MIN, minor: i64::MIN });
    let mut found = connection.prepare_cached(SELECT_MEMBERS)?;
    let rows = found
        .query_map(params![room, after.major, after.minor, limit + 1], |row| {
            let member = MemberOf { profile: rows::profile(row, 0)?, membership: rows::membership(row, 4)? };
            let place = Place { major: member.membership.joined_at.as_millis(), minor: row.get(7)? };
            Ok((member, place))
        })?
        .collect::<Result<_>>()?;
    let (rows, next) = cut(rows, limit);
    Ok(RoomPage { items: rows.into_iter().map(|(member, _)| member).collect(), next })
}

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;

    #[test]
    fn a_page_of_members_begins_where_the_one_before_ended() {
        let plan = plan::of(SELECT_MEMBERS);
        assert!(plan.contains("SEARCH m USING INDEX members_by_time (room=? AND joined_at>?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "the whole room is sorted for each page: {plan}");
    }
}
