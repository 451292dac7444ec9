//! A user's rooms with the counts that belong to each: unread is a subtraction, not a search.

use chat_entity::Message;
use chat_usecase::port::{MyRoom, Place, RoomPage, RoomStanding, Standings};
use kernel::{RoomId, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::{log, rows};

const LAST_EVENT_AT: usize = rows::ROOM_WIDTH + 4;

/// Everything of a membership that [`standing`] reads; the caller adds the condition.
fn select(condition: &str) -> String {
    format!(
        "SELECT {}, m.role, m.read_seq, \
                c.message_count - coalesce((SELECT e.message_no FROM events e \
                                            WHERE e.room = m.room AND e.seq = m.read_seq), 0), \
                (SELECT count(*) FROM mentions n WHERE n.room = m.room AND n.user = m.user AND n.seq > m.read_seq), \
                c.last_event_at, r.number \
         FROM members m JOIN rooms r ON r.number = m.room JOIN room_counters c ON c.room = m.room WHERE {condition}",
        rows::ROOM_COLUMNS
    )
}

fn standing(row: &Row<'_>) -> Result<RoomStanding> {
    const FIRST: usize = rows::ROOM_WIDTH;
    Ok(RoomStanding {
        room: rows::room(row, 0)?,
        role: rows::role(row.get(FIRST)?)?,
        read_seq: rows::seq(row, FIRST + 1)?,
        unread: rows::count(row, FIRST + 2)?,
        mentions: rows::count(row, FIRST + 3)?,
    })
}

pub(super) fn all(connection: &Connection, user: UserId) -> Result<Standings> {
    let epoch = log::epoch(connection)?;
    let membership_no = membership_no(connection, user)?.unwrap_or(0);
    let sql = select("m.user = ?1 ORDER BY c.last_event_at DESC, r.number DESC");
    let mut found = connection.prepare_cached(&sql)?;
    let rooms = found.query_map([user.as_bytes()], standing)?.collect::<Result<_>>()?;
    Ok(Standings { epoch, membership_no, rooms })
}

pub(super) fn moved(connection: &Connection, known: Vec<(UserId, u64)>) -> Result<Vec<(UserId, u64)>> {
    let mut moved = Vec::new();
    for (user, number) in known {
        let now = membership_no(connection, user)?;
        moved.extend(now.filter(|now| *now > number).map(|now| (user, now)));
    }
    Ok(moved)
}

fn membership_no(connection: &Connection, user: UserId) -> Result<Option<u64>> {
    connection
        .prepare_cached("SELECT membership_no FROM users WHERE id = ?1")?
        .query_row([user.as_bytes()], |row| rows::count(row, 0))
        .optional()
}

pub(super) fn one(connection: &Connection, user: UserId, room: RoomId) -> Result<Option<RoomStanding>> {
    let sql = select("m.user = ?1 AND r.id = ?2");
    connection.prepare_cached(&sql)?.query_row(params![user.as_bytes(), room.as_bytes()], standing).optional()
}

pub(super) fn page(
    connection: &Connection,
    user: UserId,
    after: Option<Place>,
    limit: u32,
) -> Result<RoomPage<MyRoom>> {
    let after = after.unwrap_or(Place { major: i64::MAX, minor: i64::MAX });
    let sql = select(
        "m.user = ?1 AND (c.last_event_at, r.number) < (?2, ?3) ORDER BY c.last_event_at DESC, r.number DESC LIMIT ?4",
    );
    let mut found = connection.prepare_cached(&sql)?;
    let rows: Vec<(RoomStanding, Place)> = found
        .query_map(params![user.as_bytes(), after.major, after.minor, limit + 1], |row| {
            let place = Place { major: row.get(LAST_EVENT_AT)?, minor: row.get(LAST_EVENT_AT + 1)? };
            Ok((standing(row)?, place))
        })?
        .collect::<Result<_>>()?;
    let (rows, next) = cut(rows, limit);
    let items = rows
        .into_iter()
        .map(|(standing, place)| {
            let last_message = last_message(connection, place.minor, standing.room.id)?;
            Ok(MyRoom { standing, last_message })
        })
        .collect::<Result<_>>()?;
    Ok(RoomPage { items, next })
}

/// Takes the one row more than wanted away again, which tells that there is another page.
pub(super) fn cut<T>(mut rows: Vec<(T, Place)>, limit: u32) -> (Vec<(T, Place)>, Option<Place>) {
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|(_, place)| *place);
    (rows, next)
}

fn last_message(connection: &Connection, room: i64, id: RoomId) -> Result<Option<Message>> {
    let sql = rows::select_messages("ORDER BY e.seq DESC LIMIT 1");
    connection.prepare_cached(&sql)?.query_row([room], |row| rows::message(row, id)).optional()
}
