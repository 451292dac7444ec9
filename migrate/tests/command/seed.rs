//! The demo is made once, keeps what the log promises, and takes nothing from anybody.

use migrate::seed::demo::{PEOPLE, ROOMS};

use crate::place::{Place, end};

/// Everything that seeding writes, as both stores can say it, but for times and hashes.
const ROWS: [(&str, &str); 6] = [
    (
        "auth",
        "SELECT username, username_key, email, email_key, display_name, bio, profile_version FROM users ORDER BY 1",
    ),
    (
        "chat",
        "SELECT username, username_key, display_name, avatar_url, membership_no, profile_version FROM users ORDER BY 1",
    ),
    (
        "chat",
        "SELECT r.name, r.kind, r.title, r.topic, r.metadata, c.head_seq, c.message_count, c.member_count \
         FROM rooms r JOIN room_counters c ON c.room = r.number ORDER BY 1",
    ),
    (
        "chat",
        "SELECT r.name, u.username, m.role, m.read_seq FROM members m JOIN rooms r ON r.number = m.room \
         JOIN users u ON u.id = m.\"user\" ORDER BY 1, 2",
    ),
    (
        "chat",
        "SELECT r.name, e.seq, e.kind, e.message_no, a.username, s.username, e.format, e.body, \
                (SELECT o.seq FROM events o WHERE o.message_id = e.reply_to), e.message_id = e.client_msg_id \
         FROM events e JOIN rooms r ON r.number = e.room \
         LEFT JOIN users a ON a.id = e.actor LEFT JOIN users s ON s.id = e.subject ORDER BY 1, 2",
    ),
    (
        "chat",
        "SELECT r.name, u.username, n.seq FROM mentions n JOIN rooms r ON r.number = n.room \
         JOIN users u ON u.id = n.\"user\" ORDER BY 1, 2, 3",
    ),
];

async fn rows(place: &Place) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for (service, sql) in ROWS {
        let found = place.rows(service, sql).await;
        assert!(!found.is_empty(), "{sql}");
        // How a truth is written differs, and nothing else.
        all.push(
            found.into_iter().map(|row| row.strip_suffix("|t").map_or(row.clone(), |row| format!("{row}|1"))).collect(),
        );
    }
    all
}

async fn seeded() -> [Place; 2] {
    let places = Place::both().await;
    for place in &places {
        place.run("up").await.with(0);
        let said = place.run("seed").await.with(0);
        for person in PEOPLE {
            assert!(said.contains(&format!("account {} made", person.username)), "{said}");
            assert!(said.contains(person.password), "{said}");
        }
        for room in ROOMS {
            assert!(said.contains(&format!("room {} made", room.name)), "{said}");
        }
    }
    places
}

#[tokio::test]
async fn both_stores_have_the_same_demo() {
    let [embedded, postgres] = seeded().await;
    assert_eq!(rows(&embedded).await, rows(&postgres).await);
    for place in [embedded, postgres] {
        // The room's first event keeps it as it was made, with its maker's id as text.
        let details = place.rows("chat", "SELECT detail FROM events WHERE detail IS NOT NULL ORDER BY detail").await;
        assert_eq!(details.len(), ROOMS.len() + 1);
        assert!(details.iter().any(|detail| detail.contains(&PEOPLE[0].id.to_string())), "{details:?}");
    }
}

#[tokio::test]
async fn every_log_is_dense_and_its_counters_are_right() {
    // Each of these finds what is wrong, so nothing.
    let wrong = [
        "SELECT room FROM events GROUP BY room HAVING max(seq) <> count(*) OR min(seq) <> 1",
        "SELECT c.room FROM room_counters c WHERE c.head_seq <> (SELECT max(e.seq) FROM events e WHERE e.room = c.room)",
        "SELECT c.room FROM room_counters c \
         WHERE c.last_event_at <> (SELECT e.at FROM events e WHERE e.room = c.room AND e.seq = c.head_seq)",
        "SELECT c.room FROM room_counters c \
         WHERE c.message_count <> (SELECT count(*) FROM events e WHERE e.room = c.room AND e.kind = 4)",
        "SELECT c.room FROM room_counters c WHERE c.member_count <> (SELECT count(*) FROM members m WHERE m.room = c.room)",
        "SELECT e.seq FROM events e WHERE e.message_no <> \
         (SELECT count(*) FROM events o WHERE o.room = e.room AND o.seq <= e.seq AND o.kind = 4)",
        "SELECT u.username FROM users u WHERE u.membership_no <> (SELECT count(*) FROM members m WHERE m.\"user\" = u.id)",
        "SELECT m.room FROM members m WHERE m.read_seq < (SELECT max(e.seq) FROM events e WHERE e.room = m.room AND e.actor = m.\"user\")",
        "SELECT e.seq FROM events e WHERE e.kind = 2 AND NOT EXISTS \
         (SELECT 1 FROM members m WHERE m.room = e.room AND m.\"user\" = e.subject AND m.joined_at = e.at)",
        "SELECT r.number FROM rooms r WHERE r.created_at <> (SELECT e.at FROM events e WHERE e.room = r.number AND e.seq = 1)",
    ];
    for place in seeded().await {
        for sql in wrong {
            assert_eq!(place.rows("chat", sql).await, [""; 0], "{sql}");
        }
    }
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_says_so() {
    let everything = [
        "SELECT * FROM users ORDER BY id",
        "SELECT * FROM events ORDER BY room, seq",
        "SELECT * FROM room_counters ORDER BY room",
    ];
    for place in seeded().await {
        let mut before = place.rows("auth", everything[0]).await;
        for sql in everything {
            before.extend(place.rows("chat", sql).await);
        }
        let said = place.run("seed").await.with(0);
        assert!(said.contains("Nothing was changed") && said.contains("account ada is there already"), "{said}");
        let mut after = place.rows("auth", everything[0]).await;
        for sql in everything {
            after.extend(place.rows("chat", sql).await);
        }
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_left_to_whom_it_belongs() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        let id = match place.kind() {
            "postgres" => "gen_random_uuid()",
            _ => "randomblob(16)",
        };
        let somebody = format!(
            "INSERT INTO users (id, username, username_key, email, email_key, display_name, password_hash, created_at) \
             VALUES ({id}, 'Ada', 'ada', 'a@b.c', 'a@b.c', 'A', 'x', 1)"
        );
        place.rows("auth", &somebody).await;
        let said = place.run("seed").await.with(0);
        assert!(said.contains("account ada left out") && !said.contains("ada weaves"), "{said}");
        assert_eq!(place.rows("auth", "SELECT display_name FROM users WHERE username_key = 'ada'").await, ["A"]);
        // Who has no account is in no room and has said nothing there.
        assert_eq!(place.rows("chat", "SELECT username FROM users ORDER BY 1").await, ["grace", "linus"]);
        let owner = "SELECT u.username FROM members m JOIN users u ON u.id = m.\"user\" JOIN rooms r ON r.number = m.room \
                     WHERE r.name = 'engine-room' AND m.role = 2";
        assert_eq!(place.rows("chat", owner).await, ["grace"]);
    }
}

#[tokio::test]
async fn a_public_room_of_somebody_else_is_left_alone() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        let id = match place.kind() {
            "postgres" => "gen_random_uuid()",
            _ => "randomblob(16)",
        };
        let name = ROOMS[0].name;
        place
            .rows("chat", &format!("INSERT INTO rooms (id, kind, name, created_at) VALUES ({id}, 0, '{name}', 1)"))
            .await;
        let said = place.run("seed").await.with(0);
        assert!(said.contains(&format!("room {name} left out")) && said.contains("room notes made"), "{said}");
        assert_eq!(place.rows("chat", &format!("SELECT count(*) FROM rooms WHERE name = '{name}'")).await, ["1"]);
    }
}

#[tokio::test]
async fn production_is_seeded_by_force_only() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        for (arguments, code) in [("seed", 1), ("seed --force", 0)] {
            let mut command = place.command(arguments);
            command.env("ENVIRONMENT", "production");
            let said = end(command).await.with(code);
            assert_eq!(said.contains("ENVIRONMENT is production"), code == 1, "{said}");
            let users = if code == 1 { "0" } else { "3" };
            assert_eq!(place.rows("auth", "SELECT count(*) FROM users").await, [users]);
        }
    }
}

#[tokio::test]
async fn a_schema_that_is_not_up_to_date_is_not_seeded() {
    for place in Place::both().await {
        place.run("up 1").await.with(0);
        let said = place.run("seed").await.with(1);
        assert!(said.contains("migrate up"), "{said}");
        assert_eq!(place.rows("auth", "SELECT count(*) FROM users").await, ["0"]);
    }
}
