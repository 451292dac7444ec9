//! How values stand in columns: written by SQLite's own types, read back through the entities' rules.

use auth_entity::{Device, DisplayName, Email, Session, User, Username};
use kernel::{SessionId, Timestamp, UserId};
use rusqlite::Row;
use rusqlite::types::Type;

/// The columns that [`user`] reads, in its order.
pub(super) const USER: &str = "users.id, users.username, users.email, users.display_name, users.bio, users.avatar_url, \
                               users.status_text, users.language, users.time_zone, users.created_at, users.disabled_at";
/// How many they are: what is selected after them begins here.
pub(super) const USER_LEN: usize = 11;

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
        bio: row.get(at + 4)?,
        avatar_url: row.get(at + 5)?,
        status_text: row.get(at + 6)?,
        language: row.get(at + 7)?,
        time_zone: row.get(at + 8)?,
        created_at: Timestamp::from_millis(row.get(at + 9)?),
        disabled_at: time(row, at + 10)?,
    })
}

/// Reads a session whose columns begin at 0.
pub(super) fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let device: Option<String> = row.get(2)?;
    Ok(Session {
        id: SessionId::from_bytes(row.get(0)?),
        user_id: UserId::from_bytes(row.get(1)?),
        device: device.map_or(Ok(None), |device| Device::parse(&device).map_err(|error| broken(2, error)))?,
        address: text(row, 3, str::parse)?,
        created_at: Timestamp::from_millis(row.get(4)?),
        last_seen_at: Timestamp::from_millis(row.get(5)?),
        refresh_generation: row.get(6)?,
        rotated_at: time(row, 7)?,
        ended_at: time(row, 8)?,
    })
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

/// A value that no rule of ours would have let in: somebody else wrote it.
fn broken(at: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error))
}
