//! A disk that is full: writes are refused for sure, reading goes on, and when there is room again so does writing.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

use database::sqlite::{Readers, Tx, Writer, WriterSettings, open_writer};
use kernel::StoreError;

fn insert(tx: &mut Tx<'_, u64>, size: usize) -> rusqlite::Result<()> {
    tx.connection().execute("INSERT INTO blobs VALUES (zeroblob(?1))", [i64::try_from(size).unwrap()])?;
    tx.emit(1);
    Ok(())
}

#[tokio::test]
async fn a_full_disk_refuses_definitely_and_recovers() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("test.db");
    let connection = open_writer(&path).unwrap();
    connection.execute_batch("CREATE TABLE blobs (bytes BLOB); PRAGMA max_page_count = 32").unwrap();
    let (out, sunk) = std::sync::mpsc::channel();
    let sink = Box::new(move |items: Vec<u64>| out.send(items.len()).unwrap());
    let writer = Writer::start("test", connection, WriterSettings::default(), sink).unwrap();
    let readers = Readers::start("test", &path, 1).unwrap();

    writer.append(|tx| insert(tx, 1_000)).await.unwrap();
    for _ in 0..2 {
        let (append, write) =
            (writer.append(|tx| insert(tx, 1 << 20)).await, writer.write(|tx| insert(tx, 1 << 20)).await);
        assert!(matches!(append, Err(StoreError::Unavailable(_))), "{append:?}");
        assert!(matches!(write, Err(StoreError::Unavailable(_))), "{write:?}");
        let rows: i64 =
            readers.read(|db| db.query_row("SELECT count(*) FROM blobs", [], |row| row.get(0))).await.unwrap();
        assert_eq!(rows, 1, "a refused write left something behind");
    }
    writer.append(|tx| tx.connection().pragma_update(None, "max_page_count", 100_000)).await.unwrap();
    writer.append(|tx| insert(tx, 1 << 20)).await.unwrap();
    drop(writer);
    assert_eq!(sunk.iter().collect::<Vec<_>>(), [1, 1], "a refused write was announced");
}
