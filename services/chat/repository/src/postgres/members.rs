//! Who is in a room, who may see it, and coming and going.

use chat_entity::{Event, EventContent, RoomKind, Seq};
use chat_usecase::port::{Access, Join, Joined, Left, Marked, MemberOf, Place, RoomPage};
use database::postgres::{Connection, Done};
use kernel::{RoomId, Timestamp, UserId};
use tokio_postgres::Row;

use super::rows::{self, Result};
use super::standings::cut;

/// What somebody sees of a room.
#[derive(Clone, Copy)]
pub(super) enum Sight {
    /// It from the inside.
    Member,
    /// That it is there: it is public.
    Outside,
    /// Nothing.
    Nothing,
}

impl Sight {
    /// Of the first row of a read: it begins with the room's kind and whether the reader is in it, and there is none when
    /// there is no such room.
    pub(super) fn of(row: Option<&Row>) -> Result<Self> {
        let Some(row) = row else { return Ok(Self::Nothing) };
        Ok(match (rows::room_kind(rows::get(row, 0)?)?, rows::get(row, 1)?) {
            (_, true) => Self::Member,
            (RoomKind::Public, false) => Self::Outside,
            (RoomKind::Private | RoomKind::Direct, false) => Self::Nothing,
        })
    }

    /// What a read found, if the reader is a member.
    pub(super) fn for_members<T>(self, read: impl FnOnce() -> Result<T>) -> Result<Access<T>> {
        match self {
            Self::Member => read().map(Access::Granted),
            Self::Outside => Ok(Access::NotAMember),
            Self::Nothing => Ok(Access::NoSuchRoom),
        }
    }
}

pub(super) async fn join(connection: &Connection, join: &Join) -> Result<Done<Joined, Event>> {
    let sql = "SELECT outcome, seq, (profile).id, (profile).username, (profile).display_name, (profile).avatar_url, \
                      (room).* \
               FROM chat.join_room($1, $2, $3, $4)";
    let statement = connection.prepare_cached(sql).await?;
    let Join { user, room, at, max_rooms } = *join;
    let row = connection
        .query_one(&statement, &[&room.as_uuid(), &user.as_uuid(), &at.as_millis(), &i64::from(max_rooms)])
        .await?;
    let mut events = Vec::new();
    let answer = match rows::get::<i32>(&row, 0)? {
        0 => {
            let content = EventContent::MemberJoined(rows::profile(&row, 2)?);
            events.push(Event { room_id: room, seq: rows::seq(&row, 1)?, at, actor: Some(user), content });
            Joined::New(Box::new(rows::room(&row, 6)?))
        }
        1 => Joined::Already(Box::new(rows::room(&row, 6)?)),
        2 => Joined::Archived,
        3 => Joined::TooManyRooms,
        4 => Joined::NoSuchRoom,
        _ => return Err(rows::broken("what became of joining")),
    };
    Ok(Done { answer, events })
}

/// Somebody who goes.
pub(super) struct Leave {
    pub(super) user: UserId,
    pub(super) room: RoomId,
    pub(super) at: Timestamp,
}

pub(super) async fn leave(connection: &Connection, leave: &Leave) -> Result<Done<Left, Event>> {
    let sql = "SELECT outcome, seq, (profile).id, (profile).username, (profile).display_name, (profile).avatar_url \
               FROM chat.leave_room($1, $2, $3)";
    let statement = connection.prepare_cached(sql).await?;
    let Leave { user, room, at } = *leave;
    let row = connection.query_one(&statement, &[&room.as_uuid(), &user.as_uuid(), &at.as_millis()]).await?;
    let mut events = Vec::new();
    let answer = match rows::get::<i32>(&row, 0)? {
        0 => {
            let content = EventContent::MemberLeft(rows::profile(&row, 2)?);
            events.push(Event { room_id: room, seq: rows::seq(&row, 1)?, at, actor: Some(user), content });
            Left::Done
        }
        1 => Left::NotAMember,
        2 => Left::NoSuchRoom,
        _ => return Err(rows::broken("what became of leaving")),
    };
    Ok(Done { answer, events })
}

/// A read mark that is to move.
pub(super) struct Mark {
    pub(super) user: UserId,
    pub(super) room: RoomId,
    pub(super) seq: Seq,
}

pub(super) async fn mark_read(connection: &Connection, mark: &Mark) -> Result<Done<Access<Marked>, Event>> {
    let sql = "SELECT outcome, read_seq, moved, member_count FROM chat.mark_read($1, $2, $3)";
    let statement = connection.prepare_cached(sql).await?;
    let Mark { user, room, seq } = *mark;
    let row = connection.query_one(&statement, &[&room.as_uuid(), &user.as_uuid(), &rows::integer(seq.get())]).await?;
    let answer = match rows::get::<i32>(&row, 0)? {
        0 => Access::Granted(Marked {
            read_seq: rows::seq(&row, 1)?,
            moved: rows::get(&row, 2)?,
            member_count: rows::count(&row, 3)?,
        }),
        1 => Access::NotAMember,
        2 => Access::NoSuchRoom,
        _ => return Err(rows::broken("what became of a read mark")),
    };
    Ok(Done { answer, events: Vec::new() })
}

/// A page of members behind what the reader sees of the room. The condition on the time alone is what the index can use.
pub(super) const SELECT_MEMBERS: &str = "SELECT r.kind, me.room IS NOT NULL, p.* \
     FROM chat.rooms r LEFT JOIN chat.members me ON me.room = r.number AND me.\"user\" = $2 \
     LEFT JOIN LATERAL ( \
         SELECT u.id, u.username, u.display_name, u.avatar_url, m.role, m.joined_at, m.read_seq, u.number \
         FROM chat.members m JOIN chat.users u ON u.id = m.\"user\" \
         WHERE m.room = me.room AND m.joined_at >= $3 AND (m.joined_at, u.number) > ($3, $4) \
         ORDER BY m.joined_at, u.number LIMIT $5 \
     ) p ON true \
     WHERE r.id = $1 ORDER BY p.joined_at, p.number";

pub(super) async fn page(
    connection: &Connection,
    reader: UserId,
    room: RoomId,
    after: Option<Place>,
    limit: u32,
) -> Result<Access<RoomPage<MemberOf>>> {
    // Two who joined in one millisecond are told apart by the order in which chat met them.
    let after = after.unwrap_or(Place { major: i64::MIN, minor: i64::MIN });
    let statement = connection.prepare_cached(SELECT_MEMBERS).await?;
    let found = connection
        .query(&statement, &[&room.as_uuid(), &reader.as_uuid(), &after.major, &after.minor, &(i64::from(limit) + 1)])
        .await?;
    Sight::of(found.first())?.for_members(|| {
        let mut members = Vec::new();
        for row in &found {
            // A room without members on this page is one row without a member.
            if let Some(minor) = rows::get::<Option<i64>>(row, 9)? {
                let member = MemberOf { profile: rows::profile(row, 2)?, membership: rows::membership(row, 6)? };
                let place = Place { major: member.membership.joined_at.as_millis(), minor };
                members.push((member, place));
            }
        }
        let (members, next) = cut(members, limit);
        Ok(RoomPage { items: members.into_iter().map(|(member, _)| member).collect(), next })
    })
}
