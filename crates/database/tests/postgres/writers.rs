//! The writers: order, batches, and what they say when something fails.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use database::postgres::{Done, Pool, PostgresSettings, Writers};
use kernel::StoreError;
use tokio::sync::oneshot;

use crate::scene::{Numbers, PLACE, scene};

#[tokio::test]
async fn what_waits_together_is_appended_together_in_order_and_told_in_order() {
    let scene = scene(1_000).await;
    let mut line: Vec<_> = (0..500).map(|n| Box::pin(scene.writers.append(PLACE, n))).collect();
    poll_fn(|context| {
        assert!(line.iter_mut().all(|call| call.as_mut().poll(context).is_pending()));
        Poll::Ready(())
    })
    .await;
    let mut shared = 0;
    for call in line {
        shared = shared.max(call.await.unwrap());
    }
    assert!(shared > 100, "at most {shared} shared a statement");
    assert_eq!(*scene.told.lock().unwrap(), (0..500).collect::<Vec<_>>());
    assert_eq!(scene.numbers().await, (0..500).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_entries_of_one_key_never_share_a_statement_and_a_change_keeps_its_place() {
    let scene = scene(1_000).await;
    let (first, second, delete, third) = tokio::join!(
        biased;
        scene.writers.append(PLACE, 1),
        scene.writers.append(PLACE, 1_001),
        scene.run("DELETE FROM numbers"),
        scene.writers.append(PLACE, 2),
    );
    assert_eq!((first.unwrap(), second.unwrap(), third.unwrap()), (1, 1, 1));
    delete.unwrap();
    assert_eq!(scene.numbers().await, [2]);
    assert_eq!(*scene.told.lock().unwrap(), [1, 1_001, -1, 2]);
}

#[tokio::test]
async fn what_the_server_refuses_surely_did_not_happen() {
    let scene = scene(10).await;
    scene.writers.append(PLACE, 1).await.unwrap();
    for refused in [
        scene.writers.append(PLACE, 1).await.map(drop),
        scene.run("SELECT pg_sleep_for('1 minute')").await,
        scene.run("SELECT 1 / 0").await,
        scene.run("INSERT INTO nowhere VALUES (1)").await,
    ] {
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    scene.run("INSERT INTO numbers VALUES (2)").await.unwrap();
    assert_eq!(*scene.told.lock().unwrap(), [1, -1], "what did not happen was told");
    assert_eq!(scene.numbers().await, [1, 2]);
}

#[tokio::test]
async fn a_connection_that_ends_under_a_change_leaves_its_outcome_unknown_and_the_next_one_works() {
    let scene = scene(10).await;
    for _ in 0..3 {
        let lost = scene.run("SELECT pg_terminate_backend(pg_backend_pid())").await;
        assert!(matches!(lost, Err(StoreError::Unknown(_))), "{lost:?}");
        scene.run("SELECT 1").await.unwrap();
    }
    let lost = scene
        .pool
        .write(async |connection| Ok(connection.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())").await?))
        .await;
    assert!(matches!(lost, Err(StoreError::Unknown(_))), "{lost:?}");
    assert_eq!(scene.numbers().await, [0; 0]);
}

#[tokio::test]
async fn a_change_that_lost_against_another_is_made_again_and_not_for_ever() {
    let scene = scene(10).await;
    let loses = |times: i32| {
        format!(
            "DO $$ BEGIN IF nextval('tries') <= {times} THEN RAISE EXCEPTION USING ERRCODE = '40P01'; END IF; END $$"
        )
    };
    scene.run(loses(2).leak()).await.unwrap();
    let lost = scene.run(loses(1_000).leak()).await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    let tries = scene
        .pool
        .read(async |connection| {
            Ok(connection.query_one("SELECT last_value FROM tries", &[]).await?.try_get::<_, i64>(0)?)
        })
        .await;
    assert_eq!(tries.unwrap(), 3 + 3);
}

#[tokio::test]
async fn a_panic_in_a_change_does_not_end_the_writer() {
    let scene = scene(10).await;
    let broken = scene
        .writers
        .change(PLACE, (), |_, ()| {
            Box::pin(async { if true { panic!("on purpose") } else { Ok(Done { answer: (), events: Vec::new() }) } })
        })
        .await;
    assert!(matches!(broken, Err(StoreError::Unknown(_))), "{broken:?}");
    scene.run("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_does_nothing() {
    let scene = scene(2).await;
    let (begun, has_begun) = oneshot::channel();
    let (hold, held) = oneshot::channel::<()>();
    let signals = Mutex::new(Some((begun, held)));
    let mut busy = Box::pin(scene.writers.change(PLACE, signals, |_, signals| {
        let signals = signals.lock().unwrap().take();
        Box::pin(async move {
            if let Some((begun, held)) = signals {
                begun.send(()).unwrap();
                held.await.unwrap();
            }
            Ok(Done { answer: (), events: Vec::new() })
        })
    }));
    tokio::select! {
        _ = &mut busy => panic!("it waits"),
        begun = has_begun => begun.unwrap(),
    }
    let mut waiting: Vec<_> = (0..2).map(|n| Box::pin(scene.writers.append(PLACE, n))).collect();
    poll_fn(|context| {
        assert!(waiting.iter_mut().all(|call| call.as_mut().poll(context).is_pending()));
        Poll::Ready(())
    })
    .await;
    let refused = scene.writers.append(PLACE, 7).await;
    assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}");
    hold.send(()).unwrap();
    busy.await.unwrap();
    for call in waiting {
        call.await.unwrap();
    }
    assert_eq!(scene.numbers().await, [0, 1]);
}

#[tokio::test]
async fn where_nobody_answers_all_who_wait_are_told_soon_that_nothing_was_done() {
    // Nothing listens on port 1.
    let settings = PostgresSettings {
        url: Some("postgres://nobody@127.0.0.1:1/nothing".to_owned()),
        ..PostgresSettings::default()
    };
    let server = settings.primary("test").unwrap();
    let writers = Writers::<Numbers>::start(&server, 1, 100, &(Arc::new(drop) as _));
    let begun = Instant::now();
    let mut line: Vec<_> = (0..50).map(|n| Box::pin(writers.append(PLACE, n))).collect();
    poll_fn(|context| {
        assert!(line.iter_mut().all(|call| call.as_mut().poll(context).is_pending()));
        Poll::Ready(())
    })
    .await;
    for call in line {
        let refused = call.await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    let read = Pool::new(&server, 1, 1).ping().await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
