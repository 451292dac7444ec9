//! Ten of them at the same time do what one does.

use futures_util::future::join_all;

use crate::place::Place;

const HISTORY: &str = "SELECT version FROM refinery_schema_history ORDER BY version";

#[tokio::test]
async fn ten_on_postgresql_all_find_it_done() {
    let place = Place::postgres().await;
    for said in join_all((0..10).map(|_| place.run("up"))).await {
        said.with(0);
    }
    assert_eq!(place.rows("auth", HISTORY).await, ["1", "2"]);
    assert_eq!(place.rows("chat", HISTORY).await, ["1", "2", "3", "4", "5"]);
    place.run("status").await.with(0);
}

#[tokio::test]
async fn ten_on_an_embedded_store_are_one_that_works_and_others_that_say_who_holds_it() {
    let place = Place::embedded();
    let mut done = 0;
    for said in join_all((0..10).map(|_| place.run("up"))).await {
        match said.code {
            0 => done += 1,
            _ => assert!(said.err.contains("in use by another natter process"), "{said:?}"),
        }
    }
    assert!(done > 0);
    assert_eq!(place.rows("auth", HISTORY).await, ["1", "2"]);
    assert_eq!(place.rows("chat", HISTORY).await, ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn ten_that_seed_make_one_demo() {
    let place = Place::postgres().await;
    place.run("up").await.with(0);
    for said in join_all((0..10).map(|_| place.run("seed"))).await {
        said.with(0);
    }
    let alone = Place::postgres().await;
    alone.run("up").await.with(0);
    alone.run("seed").await.with(0);
    let log = "SELECT r.name, e.seq, e.kind, e.message_no, e.body FROM events e JOIN rooms r ON r.number = e.room ORDER BY 1, 2";
    assert_eq!(place.rows("chat", log).await, alone.rows("chat", log).await);
    assert_eq!(place.rows("auth", "SELECT count(*) FROM users").await, ["3"]);
}
