//! The pool: snapshots, changes, and what it does with a connection that is in the middle of something.

use std::time::{Duration, Instant};

use database::postgres::{Connection, Pool, PostgresSettings, QueryError, transaction, violated_constraint};
use kernel::StoreError;
use testkit::PostgresServer;
use tokio::sync::{Barrier, oneshot};

use crate::scene::{scene, server};

#[tokio::test]
async fn a_failure_inside_a_transaction_is_one_outside_even_when_nobody_looks_at_it() {
    let scene = scene(10).await;
    let swallowed = scene
        .pool
        .write(async |connection| {
            transaction(connection, async |connection| {
                connection.execute("INSERT INTO numbers VALUES (1)", &[]).await?;
                let _ = connection.execute("SELECT 1 / 0", &[]).await;
                Ok(())
            })
            .await
        })
        .await;
    assert!(matches!(swallowed, Err(StoreError::Unavailable(_))), "{swallowed:?}");
    assert_eq!(scene.numbers().await, [0; 0]);
    let fine = scene.pool.write(async |connection| {
        transaction(connection, async |connection| {
            Ok(connection.batch_execute("INSERT INTO numbers VALUES (2)").await?)
        })
        .await
    });
    fine.await.unwrap();
    assert_eq!(scene.numbers().await, [2]);
}

#[tokio::test]
async fn a_violated_constraint_is_known_by_its_name() {
    let scene = scene(10).await;
    let insert = async |connection: &Connection| {
        let inserted = connection.execute("INSERT INTO numbers VALUES (1)", &[]).await;
        match inserted {
            Err(error) if violated_constraint(&error) == Some("numbers_once") => Ok(false),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(true),
        }
    };
    assert!(scene.pool.write(insert).await.unwrap());
    assert!(!scene.pool.write(insert).await.unwrap());
    let other = scene.pool.write(async |connection| {
        let error = connection.execute("SELECT 1 / 0", &[]).await.unwrap_err();
        Ok(violated_constraint(&error).map(str::to_owned))
    });
    assert_eq!(other.await.unwrap(), None);
}

#[tokio::test]
async fn a_snapshot_sees_one_state_and_a_caller_who_goes_away_leaves_no_transaction_behind() {
    let server = server(1_000).await;
    let (pool, other) = (Pool::new(&server, 1, 1), Pool::new(&server, 1, 1));
    other.write(async |connection| Ok(connection.batch_execute("CREATE TABLE t (n int)").await?)).await.unwrap();
    let count = async |connection: &Connection| {
        Ok::<_, QueryError>(connection.query_one("SELECT count(*) FROM t", &[]).await?.try_get::<_, i64>(0)?)
    };
    let insert = async || {
        other.write(async |connection| Ok(connection.batch_execute("INSERT INTO t VALUES (1)").await?)).await.unwrap();
    };
    let both = pool.snapshot(async |connection| {
        let before = count(connection).await?;
        insert().await;
        Ok((before, count(connection).await?))
    });
    assert_eq!(both.await.unwrap(), (0, 0));
    assert_eq!(pool.read(count).await.unwrap(), 1);
    let (begun, has_begun) = oneshot::channel();
    let abandoned = pool.snapshot(async |connection| {
        count(connection).await?;
        begun.send(()).unwrap();
        std::future::pending::<()>().await;
        Ok(())
    });
    tokio::select! {
        _ = abandoned => panic!("it waits"),
        begun = has_begun => begun.unwrap(),
    }
    insert().await;
    assert_eq!(pool.read(count).await.unwrap(), 2, "the connection is still in its transaction");
}

#[tokio::test]
async fn those_who_are_too_many_are_told_at_once_and_a_query_without_end_ends() {
    let server = server(1_000).await;
    let pool = Pool::new(&server, 1, 1);
    let hang = || pool.read(async |connection| Ok(connection.batch_execute("SELECT pg_sleep_for('1 minute')").await?));
    let begun = Instant::now();
    let (first, second, third) = tokio::join!(
        biased;
        hang(),
        hang(),
        async { (hang().await, begun.elapsed()) },
    );
    assert!(matches!(third.0, Err(StoreError::Overloaded)) && third.1 < Duration::from_millis(500), "{third:?}");
    assert!(matches!(first, Err(StoreError::Unavailable(_))), "{first:?}");
    assert!(matches!(second, Err(StoreError::Unavailable(_))), "{second:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    pool.ping().await.unwrap();
}

#[tokio::test]
async fn the_connection_that_was_in_use_last_is_lent_first() {
    let pool = Pool::new(&server(1_000).await, 3, 0);
    let backend = async |connection: &Connection| {
        Ok::<i32, QueryError>(connection.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?)
    };
    let all_lent = Barrier::new(3);
    let together = || {
        pool.read(async |connection| {
            let backend = backend(connection).await?;
            all_lent.wait().await;
            Ok(backend)
        })
    };
    let (one, two, three) = tokio::try_join!(together(), together(), together()).unwrap();
    assert!(one != two && two != three && three != one, "{one}, {two}, {three}");
    let warm = pool.read(backend).await.unwrap();
    for _ in 0..3 {
        assert_eq!(pool.read(backend).await.unwrap(), warm);
    }
}

#[tokio::test]
async fn a_connection_has_its_bounds_and_a_url_may_set_others() {
    let url = PostgresServer::shared().await.create_database().await;
    let url = format!("{url}?options=-c%20lock_timeout%3D77%20-c%20work_mem%3D5MB");
    let settings = PostgresSettings { url: Some(url), statement_timeout_ms: 1_500, ..PostgresSettings::default() };
    let server = settings.primary("natter-test").unwrap().with_options("-c jit=off -c work_mem=6MB");
    let connection = server.connect().await.unwrap();
    for (setting, expected) in [
        ("statement_timeout", "1500ms"),
        ("lock_timeout", "77ms"),
        ("idle_in_transaction_session_timeout", "2s"),
        ("application_name", "natter-test"),
        ("transaction_read_only", "off"),
        ("jit", "off"),
        ("work_mem", "5MB"),
    ] {
        let row = connection.query_one(&format!("SHOW {setting}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), expected, "{setting}");
    }
}
