//! How values stand in columns: written by PostgreSQL's own types, read back through the entities' rules.

use auth_entity::{
    AvatarUrl, Bio, Device, DisplayName, Email, Language, Session, StatusText, TimeZone, User, Username,
};
use database::postgres::QueryError;
use kernel::{SessionId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

/// The columns that [`user`] reads, in its order.
pub(super) const USER: &str = "users.id, users.username, users.email, users.display_name, users.bio, users.avatar_url, \
                               users.status_text, users.language, users.time_zone, users.created_at, users.disabled_at, \
                               users.profile_version";
/// How many they are: what is selected after them begins here.
pub(super) const USER_LEN: usize = 12;

/// The columns that [`session`] reads, in its order.
pub(super) const SESSION: &str = "sessions.id, sessions.user_id, sessions.device, sessions.address, sessions.created_at, \
                                  sessions.last_seen_at, sessions.refresh_generation, sessions.rotated_at, sessions.ended_at";
/// How many they are: what is selected after them begins here.
pub(super) const SESSION_LEN: usize = 9;

/// Reads a user whose columns begin at `at`.
pub(super) fn user(row: &Row, at: usize) -> Result<User, QueryError> {
    Ok(User {
        id: UserId::from(row.try_get::<_, Uuid>(at)?),
        username: text(row, at + 1, Username::parse, "a user name")?,
        email: text(row, at + 2, Email::parse, "an e-mail address")?,
        display_name: text(row, at + 3, DisplayName::parse, "a display name")?,
        bio: optional(row, at + 4, Bio::parse, "a bio")?.flatten(),
        avatar_url: optional(row, at + 5, AvatarUrl::parse, "a picture's URL")?,
        status_text: optional(row, at + 6, StatusText::parse, "a status")?.flatten(),
        language: optional(row, at + 7, Language::parse, "a language")?,
        time_zone: optional(row, at + 8, TimeZone::parse, "a time zone")?,
        created_at: Timestamp::from_millis(row.try_get(at + 9)?),
        disabled_at: time(row, at + 10)?,
        profile_version: row.try_get::<_, i64>(at + 11)?.unsigned_abs(),
    })
}

/// Reads a session whose columns begin at 0.
pub(super) fn session(row: &Row) -> Result<Session, QueryError> {
    let generation: i64 = row.try_get(6)?;
    Ok(Session {
        id: SessionId::from(row.try_get::<_, Uuid>(0)?),
        user_id: UserId::from(row.try_get::<_, Uuid>(1)?),
        device: optional(row, 2, Device::parse, "a device")?.flatten(),
        address: text(row, 3, str::parse, "an address")?,
        created_at: Timestamp::from_millis(row.try_get(4)?),
        last_seen_at: Timestamp::from_millis(row.try_get(5)?),
        refresh_generation: u32::try_from(generation).map_err(|_| QueryError::Broken("a generation"))?,
        rotated_at: time(row, 7)?,
        ended_at: time(row, 8)?,
    })
}

/// A version as it is kept; none of ours is near the end of the numbers.
pub(super) fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// A time that may be missing, as it is kept.
pub(super) fn millis(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_millis)
}

fn time(row: &Row, at: usize) -> Result<Option<Timestamp>, QueryError> {
    Ok(row.try_get::<_, Option<i64>>(at)?.map(Timestamp::from_millis))
}

/// A value that no rule of ours would have let in was written by somebody else; `what` says what it was to be.
fn text<T, E>(row: &Row, at: usize, parse: impl Fn(&str) -> Result<T, E>, what: &'static str) -> Result<T, QueryError> {
    parse(row.try_get(at)?).map_err(|_| QueryError::Broken(what))
}

fn optional<T, E>(
    row: &Row,
    at: usize,
    parse: impl Fn(&str) -> Result<T, E>,
    what: &'static str,
) -> Result<Option<T>, QueryError> {
    row.try_get::<_, Option<&str>>(at)?.map(parse).transpose().map_err(|_| QueryError::Broken(what))
}
