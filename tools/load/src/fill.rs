//! Writes a long log straight into a store that no server has open: by way of a server it would take hours. A test lets a
//! server read what was written, so that this stays true to the schema.

use std::io;
use std::path::Path;

use kernel::UserId;
use rusqlite::Connection;
use tokio_postgres::NoTls;

/// Events of each room.
pub const DEPTH: u64 = 1_000;
/// A body of 128 characters.
const BODY: &str = "rpad('The quick brown fox jumps over the lazy dog. ', 128, 'x')";

/// Rooms that are added to a store.
#[derive(Clone, Copy, Debug)]
pub struct Filling {
    /// The number of the first room.
    pub from: u64,
    /// How many rooms.
    pub rooms: u64,
    /// Who wrote everything.
    pub author: UserId,
    /// The author is a member of each `every`th room.
    pub every: u64,
}

/// Fills the SQLite database of a data directory. Its rooms grow side by side, as rooms do.
pub fn sqlite(data: &Path, filling: Filling) -> io::Result<()> {
    let fill = || -> rusqlite::Result<()> {
        let mut connection = Connection::open(data.join("chat.db"))?;
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000;")?;
        let indexes: Vec<(String, String)> = connection
            .prepare("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'events' AND type = 'index'")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let change = connection.transaction()?;
        // Made anew in the end: sorting is much faster than inserting into ten thousand places.
        indexes.iter().try_for_each(|(name, _)| change.execute_batch(&format!("DROP INDEX {name}")))?;
        let Filling { from, rooms, every, .. } = filling;
        let author = filling.author.as_bytes();
        let series = |from: u64, count: u64| {
            let last = from + count - 1;
            format!(
                "(WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)"
            )
        };
        let numbers = series(from, rooms);
        change.execute_batch(&format!(
            "INSERT INTO rooms (number, id, kind, name, created_at) SELECT n, randomblob(16), 0, 'long-' || n, 0 FROM {numbers};
             INSERT INTO room_counters (room, head_seq, message_count, member_count) SELECT n, {DEPTH}, {DEPTH}, 1 FROM {numbers};"
        ))?;
        change.execute(
            &format!(
                "INSERT INTO members (room, user, role, joined_at, read_seq) \
                 SELECT n, ?1, 0, 0, {DEPTH} FROM {numbers} WHERE n % {every} = 0"
            ),
            [author],
        )?;
        let body = format!("{:x<128}", "The quick brown fox jumps over the lazy dog. ");
        change.execute(
            &format!(
                "INSERT INTO events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, body) \
                 SELECT r.n, s.n, 4, 0, ?1, s.n, randomblob(16), randomblob(16), 0, ?2 \
                 FROM {numbers} r CROSS JOIN {} s",
                series(1, DEPTH)
            ),
            rusqlite::params![author, body],
        )?;
        indexes.iter().try_for_each(|(_, sql)| change.execute_batch(sql))?;
        change.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    };
    fill().map_err(io::Error::other)
}

/// Fills a PostgreSQL database.
pub async fn postgres(url: &str, filling: Filling) -> io::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let fill = async || -> Result<(), tokio_postgres::Error> {
        let indexes = client
            .query(
                "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                 WHERE i.indrelid = 'chat.events'::regclass AND NOT i.indisprimary",
                &[],
            )
            .await?;
        let Filling { from, rooms, every, .. } = filling;
        let last = from + rooms - 1;
        let author = filling.author.as_uuid();
        let mut sql = String::from("SET synchronous_commit = off; BEGIN;");
        for index in &indexes {
            sql.push_str(&format!("DROP INDEX chat.{};", index.get::<_, String>(0)));
        }
        sql.push_str(&format!(
            "INSERT INTO chat.rooms (number, id, kind, name, created_at) OVERRIDING SYSTEM VALUE \
                 SELECT n, gen_random_uuid(), 0, 'long-' || n, 0 FROM generate_series({from}, {last}) n; \
             INSERT INTO chat.room_counters (room, head_seq, message_count, member_count) \
                 SELECT n, {DEPTH}, {DEPTH}, 1 FROM generate_series({from}, {last}) n; \
             INSERT INTO chat.members (room, \"user\", role, joined_at, read_seq) \
                 SELECT n, '{author}', 0, 0, {DEPTH} FROM generate_series({from}, {last}) n WHERE n % {every} = 0; \
             INSERT INTO chat.events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, body) \
                 SELECT r, s, 4, 0, '{author}', s, gen_random_uuid(), gen_random_uuid(), 0, {BODY} \
                 FROM generate_series(1, {DEPTH}) s CROSS JOIN generate_series({from}, {last}) r;"
        ));
        for index in &indexes {
            // The definition of a partitioned index is of itself alone, without those of the partitions.
            sql.push_str(&index.get::<_, String>(1).replacen(" ON ONLY ", " ON ", 1));
            sql.push(';');
        }
        sql.push_str("COMMIT;");
        client.batch_execute(&sql).await?;
        // Each by itself: several in one text would be one transaction.
        client.batch_execute("VACUUM ANALYZE chat.events, chat.rooms, chat.room_counters, chat.members").await?;
        client.batch_execute("CHECKPOINT").await
    };
    let filled = fill()
        .await
        .map_err(|error| io::Error::other(error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)));
    drop(client);
    let _ = connection.await;
    filled
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use testkit::PostgresServer;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn postgresql_has_all_its_indexes_again() -> Result<(), Box<dyn Error>> {
        let url = PostgresServer::shared().await.create_database().await;
        let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        migrate::postgres::up(&mut client, migrate::Service::Chat, None).await?;
        let author = Uuid::from_u128(7);
        let welcome = "SELECT chat.welcome($1, 'ada', 'ada', 'Ada', NULL, 1, '{}', 1)";
        client.query(welcome, &[&author]).await?;
        // Each with what it is of and on, as PostgreSQL names those of partitions by itself.
        let sql = "SELECT i.indrelid::regclass || ' ' || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING', '') || \
                          CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END \
                   FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'chat'::regnamespace \
                   ORDER BY 1";
        let before = client.query(sql, &[]).await?;
        postgres(&url, Filling { from: 1, rooms: 3, author: author.into(), every: 1 }).await?;
        let after = client.query(sql, &[]).await?;
        let names = |rows: &[tokio_postgres::Row]| rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>();
        assert!(before.len() > 3 * 16, "{before:?}");
        assert_eq!(names(&after), names(&before));
        Ok(())
    }
}
