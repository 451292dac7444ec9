//! A user's rooms with the counts that belong to each: unread is a subtraction, not a search.

use chat_usecase::port::{MyRoom, Place, RoomPage, RoomStanding, Standings};
use database::postgres::Connection;
use kernel::{RoomId, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::rows::{self, Result};

const ROLE: usize = rows::ROOM_WIDTH;
const LAST_EVENT_AT: usize = ROLE + 4;
/// How many columns [`select`] has.
const WIDTH: usize = ROLE + 5;

/// Everything that [`standing`] reads, of memberships `m`.
pub(super) fn select(memberships: &str) -> String {
    format!(
        "SELECT {}, m.role, m.read_seq, \
                c.message_count - coalesce((SELECT e.message_no FROM chat.events e \
                                            WHERE e.room = m.room AND e.seq = m.read_seq), 0) AS unread, \
                (SELECT count(*) FROM chat.mentions n \
                 WHERE n.room = m.room AND n.\"user\" = m.\"user\" AND n.seq > m.read_seq) AS mentions, \
                c.last_event_at \
         FROM {memberships} JOIN chat.rooms r ON r.number = m.room JOIN chat.room_counters c ON c.room = m.room",
        rows::ROOM_COLUMNS
    )
}

fn standing(row: &Row, first: usize) -> Result<RoomStanding> {
    Ok(RoomStanding {
        room: rows::room(row, first)?,
        role: rows::role(rows::get(row, first + ROLE)?)?,
        read_seq: rows::seq(row, first + ROLE + 1)?,
        unread: rows::count(row, first + ROLE + 2)?,
        mentions: rows::count(row, first + ROLE + 3)?,
    })
}

pub(super) async fn all(connection: &Connection, user: UserId) -> Result<Standings> {
    // One question, so that all is of one moment; and a row also for whoever is in no room, and for whoever is unknown.
    let sql = format!(
        "SELECT (SELECT name FROM chat.epoch), u.membership_no, s.* \
         FROM (VALUES (1)) one LEFT JOIN chat.users u ON u.id = $1 \
         LEFT JOIN LATERAL ({} WHERE m.\"user\" = u.id) s ON true \
         ORDER BY s.last_event_at DESC, s.number DESC",
        select("chat.members m")
    );
    let statement = connection.prepare_cached(&sql).await?;
    let found = connection.query(&statement, &[&user.as_uuid()]).await?;
    let first = found.first().ok_or_else(|| rows::broken("there is no row of a user's rooms"))?;
    let epoch = rows::get(first, 0)?;
    let membership_no = rows::get::<Option<i64>>(first, 1)?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    let mut rooms = Vec::new();
    for row in &found {
        if rows::get::<Option<Uuid>>(row, 2)?.is_some() {
            rooms.push(standing(row, 2)?);
        }
    }
    Ok(Standings { epoch, membership_no, rooms })
}

pub(super) async fn moved(connection: &Connection, known: &[(UserId, u64)]) -> Result<Vec<(UserId, u64)>> {
    let sql = "SELECT u.id, u.membership_no \
               FROM unnest($1::uuid[], $2::bigint[]) AS k (id, number) JOIN chat.users u ON u.id = k.id \
               WHERE u.membership_no > k.number";
    let statement = connection.prepare_cached(sql).await?;
    let (users, numbers): (Vec<Uuid>, Vec<i64>) =
        known.iter().map(|(user, number)| (user.as_uuid(), rows::integer(*number))).unzip();
    let found = connection.query(&statement, &[&users, &numbers]).await?;
    found.iter().map(|row| Ok((rows::get::<Uuid>(row, 0)?.into(), rows::count(row, 1)?))).collect()
}

pub(super) async fn one(connection: &Connection, user: UserId, room: RoomId) -> Result<Option<RoomStanding>> {
    let sql = format!("{} WHERE m.\"user\" = $1 AND r.id = $2", select("chat.members m"));
    let statement = connection.prepare_cached(&sql).await?;
    let found = connection.query_opt(&statement, &[&user.as_uuid(), &room.as_uuid()]).await?;
    found.map(|row| standing(&row, 0)).transpose()
}

/// A page of memberships, and only then what belongs to each.
const PAGE: &str = "(SELECT m.* FROM chat.members m JOIN chat.room_counters c ON c.room = m.room \
      WHERE m.\"user\" = $1 AND (c.last_event_at, m.room) < ($2, $3) \
      ORDER BY c.last_event_at DESC, m.room DESC LIMIT $4) m";

pub(super) fn select_page() -> String {
    format!(
        "SELECT s.*, l.* FROM ({}) s \
         LEFT JOIN LATERAL (SELECT {} FROM {} WHERE e.room = s.number AND e.kind = {} ORDER BY e.seq DESC LIMIT 1) l \
         ON true \
         ORDER BY s.last_event_at DESC, s.number DESC",
        select(PAGE),
        rows::EVENT_COLUMNS,
        rows::EVENT_SOURCE,
        rows::MESSAGE_CREATED
    )
}

pub(super) async fn page(
    connection: &Connection,
    user: UserId,
    after: Option<Place>,
    limit: u32,
) -> Result<RoomPage<MyRoom>> {
    let after = after.unwrap_or(Place { major: i64::MAX, minor: i64::MAX });
    let statement = connection.prepare_cached(&select_page()).await?;
    let found =
        connection.query(&statement, &[&user.as_uuid(), &after.major, &after.minor, &(i64::from(limit) + 1)]).await?;
    let mine = |row: &Row| {
        let standing = standing(row, 0)?;
        let has_message = rows::has_event(row, WIDTH)?;
        let last_message = has_message.then(|| rows::message(row, WIDTH, standing.room.id)).transpose()?;
        let place = Place { major: rows::get(row, LAST_EVENT_AT)?, minor: rows::get(row, rows::ROOM_WIDTH - 1)? };
        Ok((MyRoom { standing, last_message }, place))
    };
    let (rooms, next) = cut(found.iter().map(mine).collect::<Result<_>>()?, limit);
    Ok(RoomPage { items: rooms.into_iter().map(|(room, _)| room).collect(), next })
}

/// Takes the one row more than wanted away again, which tells that there is another page.
pub(super) fn cut<T>(mut rows: Vec<(T, Place)>, limit: u32) -> (Vec<(T, Place)>, Option<Place>) {
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|(_, place)| *place);
    (rows, next)
}
