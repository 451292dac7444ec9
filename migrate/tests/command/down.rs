//! Going down says what it would lose, and loses nothing that it was not told to.

use crate::place::Place;

#[tokio::test]
async fn with_data_in_it_down_says_what_it_would_lose_and_does_nothing() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        place.run("seed").await.with(0);
        let said = place.run("down 0").await.with(1);
        for loss in ["auth.users          3 rows", "chat.events", "chat.mentions", "--yes"] {
            assert!(said.contains(loss), "{loss}: {said}");
        }
        // It names what would go, once, and nothing that is empty or makes itself anew.
        for other in ["auth.sessions", "chat.idempotency", "chat.epoch", "profile_version"] {
            assert!(!said.contains(other), "{other}: {said}");
        }
        place.run("status").await.with(0);
        assert_eq!(place.rows("auth", "SELECT count(*) FROM users").await, ["3"]);
    }
}

#[tokio::test]
async fn one_service_that_would_lose_something_keeps_the_other_where_it_is() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        place.run("seed --service chat").await.with(0);
        let said = place.run("down 0").await.with(1);
        assert!(said.contains("chat.events") && !said.contains("auth."), "{said}");
        place.run("status").await.with(0);
        // What has nothing to lose goes by itself.
        place.run("down 0 --service auth").await.with(0);
    }
}

#[tokio::test]
async fn what_a_step_down_does_not_name_survives_it() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        place.run("seed").await.with(0);
        let log = "SELECT seq, kind, message_no, body FROM events ORDER BY room, seq";
        let before = place.rows("chat", log).await;
        let said = place.run("down 1").await.with(1);
        assert!(said.contains("chat.users.membership_no    3 rows") && !said.contains("chat.events"), "{said}");
        let said = place.run("down 1 --yes").await.with(0);
        assert!(said.contains("chat.users.membership_no"), "{said}");
        assert!(said.contains("chat  V2 membership_and_profile_versions undone"), "{said}");
        place.run("status").await.with(3);
        place.run("up").await.with(0);
        assert_eq!(place.rows("chat", log).await, before);
        assert_eq!(place.rows("auth", "SELECT count(*) FROM users").await, ["3"]);
        let said = place.run("down 0 --yes").await.with(0);
        assert!(said.contains("chat.events"), "{said}");
        assert_eq!(place.catalog("chat").await.len(), 0);
    }
}

#[tokio::test]
async fn a_way_down_that_fails_leaves_everything_as_it_was() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        // Somebody else's view needs a table that goes last. SQLite asks nobody, so there a table takes the place of the
        // history that is to be written.
        let (obstacle, sql) = match place.kind() {
            "postgres" => ("cannot drop", "CREATE VIEW report AS SELECT username FROM users"),
            _ => (
                "no history",
                "CREATE TRIGGER report BEFORE DELETE ON refinery_schema_history WHEN old.version = 1 \
                                 BEGIN SELECT raise(ABORT, 'no history'); END",
            ),
        };
        place.rows("chat", sql).await;
        let before = place.catalog("chat").await;
        let said = place.run("down 0 --service chat --yes").await.with(1);
        assert!(said.contains(obstacle), "{said}");
        assert_eq!(place.catalog("chat").await, before);
        place.run("status").await.with(0);
    }
}

#[tokio::test]
async fn a_log_is_the_same_in_whatever_order_its_rows_lie() {
    let log = "SELECT room, seq, kind, at, actor, subject, message_no, message_id, client_msg_id, format, reply_to, mentions, \
               body, detail FROM events ORDER BY room, seq";
    for place in Place::both().await {
        place.run("up").await.with(0);
        place.run("seed").await.with(0);
        let seeded = place.rows("chat", log).await;
        assert!(seeded.len() > 10, "{seeded:?}");
        for step in ["down 4 --service chat", "up"] {
            place.run(step).await.with(0);
            assert_eq!(place.rows("chat", log).await, seeded, "{step}");
        }
    }
}
