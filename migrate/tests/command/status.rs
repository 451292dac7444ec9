//! `status` tells where a schema is, in its exit code too, and changes nothing.

use std::fs;

use database::DataDir;
use serde_json::Value;

use crate::place::Place;

async fn json(place: &Place, code: i32) -> Value {
    let said = place.run("status --json").await;
    assert_eq!(said.code, code, "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

#[tokio::test]
async fn an_empty_store_is_pending_and_stays_empty() {
    for place in Place::both().await {
        let said = place.run("status").await.with(3);
        assert!(said.contains("chat  is at version 0 of 5"), "{said}");
        assert!(said.contains("auth  pending: V1 accounts_and_sessions") && said.contains("migrate up"), "{said}");
        assert!(!place.data_dir().exists());
        let status = json(&place, 3).await;
        assert_eq!(status["state"], "pending");
        let chat = &status["services"][1];
        assert_eq!((&chat["service"], &chat["found"], &chat["known"]), (&"chat".into(), &0.into(), &5.into()));
        assert_eq!(chat["pending"][1]["name"], "membership_and_profile_versions");
        assert_eq!(chat["can_serve"], false);
    }
}

#[tokio::test]
async fn a_store_that_is_up_to_date_is_current() {
    for place in Place::both().await {
        place.run("up --service chat").await.with(0);
        place.run("status --service chat").await.with(0);
        place.run("status").await.with(3);
        place.run("up").await.with(0);
        let status = json(&place, 0).await;
        assert_eq!(status["state"], "current");
        assert_eq!(status["services"][0]["can_serve"], true);
    }
}

#[tokio::test]
async fn a_newer_store_is_told_with_the_names_of_what_is_not_known_and_is_left_alone() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        let newer =
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (99, 'polls', '', '1')";
        place.rows("chat", newer).await;
        let said = place.run("status").await.with(4);
        assert!(said.contains("chat  newer: V99 polls"), "{said}");
        let status = json(&place, 4).await;
        assert_eq!(status["services"][1]["newer"][0]["version"], 99);
        assert_eq!(status["services"][1]["can_serve"], false);
        for refused in ["up", "seed", "down 1", "down 1 --yes"] {
            let said = place.run(refused).await.with(1);
            assert!(said.contains("newer version") || said.contains("V99 polls"), "{refused}: {said}");
        }
        place.run("status --service auth").await.with(0);
    }
}

#[tokio::test]
async fn a_migration_in_another_form_is_a_failure() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        place.rows("auth", "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1").await;
        let said = place.run("status").await.with(1);
        assert!(said.contains("auth  changed: V1 accounts_and_sessions"), "{said}");
        assert_eq!(json(&place, 1).await["state"], "changed");
        place.run("seed").await.with(1);
    }
}

#[tokio::test]
async fn it_looks_beside_a_server_that_holds_the_directory() {
    let place = Place::embedded();
    place.run("up").await.with(0);
    let files = || fs::read_dir(place.data_dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let before = files();
    let _held = DataDir::hold(&place.data_dir()).unwrap();
    place.run("status").await.with(0);
    assert_eq!(files(), before);
}
