//! How values stand in columns: written by SQLite's own types, read back through the entities' rules.

use auth_entity::{
    AvatarUrl, Bio, Device, DisplayName, Email, Language, Session, StatusText, TimeZone, User, Username,
};
use kernel::{SessionId, Timestamp, UserId};
use rusqlite::Row;
use rusqlite::types::Type;

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
pub(super) fn user(row: &Row<'_>, at: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId::from_bytes(row.get(at)?),
        username: text(row, at + 1, Username::parse)?,
        email: text(row, at + 2, Email::parse)?,
        display_name: text(row, at + 3, DisplayName::parse)?,
        bio: optional(row, at + 4, Bio::parse)?.flatten(),
        avatar_url: optional(row, at + 5, AvatarUrl::parse)?,
        status_text: optional(row, at + 6, StatusText::parse)?.flatten(),
        language: optional(row, at + 7, Language::parse)?,
        time_zone: optional(row, at + 8, TimeZone::parse)?,
        created_at: Timestamp::from_millis(row.get(at + 9)?),
        disabled_at: time(row, at + 10)?,
        profile_version: row.get::<_, i64>(at + 11)?.unsigned_abs(),
    })
}

/// Reads a session whose columns begin at 0.
pub(super) fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId::from_bytes(row.get(0)?),
        user_id: UserId::from_bytes(row.get(1)?),
        device: optional(row, 2, Device::parse)?.flatten(),
        address: text(row, 3, str::parse)?,
        created_at: Timestamp::from_millis(row.get(4)?),
        last_seen_at: Timestamp::from_millis(row.get(5)?),
        refresh_generation: row.get(6)?,
        rotated_at: time(row, 7)?,
        ended_at: time(row, 8)?,
    })
}

/// A version as it is kept; none of ours is near the end of the numbers.
pub(super) fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn time(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_millis))
}

fn text<T, E>(row: &Row<'_>, at: usize, parse: impl Fn(&str) -> Result<T, E>) -> rusqlite::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    parse(&row.get::<_, String>(at)?).map_err(|error| broken(at, error))
}

fn optional<T, E>(row: &Row<'_>, at: usize, parse: impl Fn(&str) -> Result<T, E>) -> rusqlite::Result<Option<T>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, Option<String>>(at)?.map(|text| parse(&text).map_err(|error| broken(at, error))).transpose()
}

/// A value that no rule of ours would have let in: somebody else wrote it.
fn broken(at: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error))
}
