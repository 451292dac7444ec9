//! The functions that append messages answer and write the same: there are several for speed alone.

use tokio_postgres::Client;

use super::append::{APPEND_ONE, APPEND_TOGETHER, APPEND_WITH_CARE};
use super::plan::connected;

/// Ada and Bob are in the den, Cy is not; the attic is closed; the cellar is private and Ada alone is in it.
const PEOPLE_AND_ROOMS: &str = "
    INSERT INTO chat.users (id, username, username_key, display_name, known_since)
    VALUES ('00000000-0000-0000-0000-00000000000a', 'Ada', 'ada', 'Ada L.', 1),
           ('00000000-0000-0000-0000-00000000000b', 'Bob', 'bob', 'Bob', 1),
           ('00000000-0000-0000-0000-00000000000c', 'Cy', 'cy', 'Cy', 1);
    INSERT INTO chat.rooms (id, kind, name, created_at, archived_at)
    VALUES ('00000000-0000-0000-0000-0000000000d1', 0, 'den', 1, NULL),
           ('00000000-0000-0000-0000-0000000000d2', 0, 'attic', 1, 2),
           ('00000000-0000-0000-0000-0000000000d3', 1, 'cellar', 1, NULL);
    INSERT INTO chat.room_counters (room, head_seq, message_count) SELECT number, 1, 1 FROM chat.rooms;
    INSERT INTO chat.members (room, \"user\", role, joined_at)
    SELECT r.number, u.id, 0, 1 FROM chat.rooms r, chat.users u
    WHERE r.name <> 'cellar' AND u.username <> 'Cy' OR u.username = 'Ada';
    INSERT INTO chat.events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, mentions, body)
    SELECT r.number, 1, 4, 5, u.id, 1, ('00000000-0000-0000-0000-0000000001' || right(r.id::text, 2))::uuid,
           '00000000-0000-0000-0000-000000000201', 1, ARRAY[u.id], 'said before'
    FROM chat.rooms r, chat.users u WHERE u.username = 'Ada'";

/// Room, author, `client_msg_id` and answered message by their last digits, and the names in the text.
type Case = (&'static str, &'static str, &'static str, Option<&'static str>, Option<&'static str>);

/// One message for each thing that may become of one, and some that follow each other in one room.
const CASES: [Case; 14] = [
    ("d1", "0a", "0202", None, None),
    ("d1", "0b", "0203", None, Some("ada,nobody,bob,cy")),
    ("d1", "0a", "0204", Some("01d1"), Some("bob")),
    ("d1", "0a", "0205", Some("01d3"), Some("bob")),
    ("d1", "0a", "0201", None, Some("bob")),
    ("d1", "0b", "0201", None, None),
    ("d1", "0c", "0206", None, None),
    ("d2", "0a", "0207", None, None),
    ("d2", "0a", "0201", None, None),
    ("d3", "0a", "0208", None, Some("bob,bob")),
    ("d3", "0b", "0209", None, None),
    ("d9", "0a", "0210", None, None),
    ("d1", "0a", "0211", None, Some("bob,bob")),
    ("d3", "0a", "0212", Some("01d3"), None),
];

/// What becomes of them, whatever stands before.
const OUTCOMES: [&str; 14] = ["0", "0", "0", "2", "1", "0", "4", "3", "1", "0", "5", "5", "0", "0"];

/// The outcome that says that nothing was done.
const VOID: &str = "6";

/// The cases that `APPEND_TOGETHER` leaves to the careful one, or the others.
fn cases(are_left: bool) -> Vec<Case> {
    let is_wanted = |outcome: &str| matches!(outcome, "1" | "2" | "3") == are_left;
    CASES.into_iter().zip(OUTCOMES).filter(|(_, outcome)| is_wanted(outcome)).map(|(case, _)| case).collect()
}

async fn filled() -> Client {
    let client = connected().await;
    client.batch_execute(PEOPLE_AND_ROOMS).await.unwrap();
    client
}

/// A call of a function that takes many, or with one case of `APPEND_ONE`.
fn call(append: &str, cases: &[Case]) -> String {
    let id = |tail: &str| format!("'00000000-0000-0000-0000-{tail:0>12}'::uuid");
    let text = |text: &str| format!("'{text}'::text");
    let or_null = |value: Option<String>, kind: &str| value.unwrap_or(format!("NULL::{kind}"));
    let column = |of: &dyn Fn(usize) -> String| {
        let values: Vec<_> = (0..cases.len()).map(of).collect();
        if append == APPEND_ONE { values.concat() } else { format!("ARRAY[{}]", values.join(",")) }
    };
    let arguments = [
        column(&|nth| id(cases[nth].0)),
        column(&|nth| id(cases[nth].1)),
        column(&|nth| id(&format!("03{}", cases[nth].2))),
        column(&|nth| id(cases[nth].2)),
        column(&|nth| format!("{}::smallint", nth % 2)),
        column(&|nth| or_null(cases[nth].3.map(id), "uuid")),
        column(&|nth| text(&format!("text {}", cases[nth].2))),
        column(&|nth| format!("{}::bigint", 100 + nth)),
        column(&|nth| or_null(cases[nth].4.map(text), "text")),
    ];
    let call = |call: String, (nth, argument): (usize, &String)| call.replace(&format!("${}", nth + 1), argument);
    arguments.iter().enumerate().fold(append.to_owned(), call)
}

/// The rows of a query, each as text.
async fn rows(client: &Client, sql: &str) -> Vec<String> {
    let found = client.query(&format!("SELECT x::text FROM ({sql}) x"), &[]).await.unwrap();
    found.iter().map(|row| row.get(0)).collect()
}

/// What an append changes.
async fn tables(client: &Client) -> Vec<String> {
    let mut lines = Vec::new();
    for sql in [
        "SELECT room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, reply_to, mentions, body \
         FROM chat.events ORDER BY room, seq",
        "SELECT * FROM chat.room_counters ORDER BY room",
        "SELECT room, \"user\", read_seq FROM chat.members ORDER BY room, \"user\"",
        "SELECT * FROM chat.mentions ORDER BY room, \"user\", seq",
    ] {
        lines.extend(rows(client, sql).await);
    }
    lines
}

/// The columns that all functions answer with, as the careful one has them.
async fn with_care(client: &Client, cases: &[Case]) -> Vec<String> {
    let sql = call(APPEND_WITH_CARE, cases);
    rows(client, &format!("SELECT outcome, seq, mentions, username, display_name, avatar_url FROM ({sql}) y")).await
}

/// The first column of answers.
fn outcomes(answers: &[String]) -> Vec<&str> {
    answers.iter().map(|row| &row[1..2]).collect()
}

#[tokio::test]
async fn what_is_appended_together_is_appended_as_with_care() {
    let (quick, careful) = (filled().await, filled().await);
    let plain = cases(false);
    let answers = rows(&quick, &call(APPEND_TOGETHER, &plain)).await;
    assert_eq!(outcomes(&answers), ["0", "0", "0", "0", "4", "0", "5", "5", "0", "0"], "{answers:#?}");
    assert_eq!(answers, with_care(&careful, &plain).await);
    assert_eq!(tables(&quick).await, tables(&careful).await);
}

#[tokio::test]
async fn one_message_is_appended_alike_by_all() {
    let (one, together, careful) = (filled().await, filled().await, filled().await);
    for (case, outcome) in CASES.into_iter().zip(OUTCOMES) {
        let asked = with_care(&careful, &[case]).await;
        assert_eq!(outcomes(&asked), [outcome], "{case:?}");
        let answer = rows(&one, &call(APPEND_ONE, &[case])).await;
        assert!(if outcome == "0" { answer == asked } else { outcomes(&answer) == [VOID] }, "{case:?}: {answer:?}");
        let answer = rows(&together, &call(APPEND_TOGETHER, &[case])).await;
        let is_left = matches!(outcome, "1" | "2" | "3");
        assert!(
            if is_left { outcomes(&answer).last() == Some(&VOID) } else { answer == asked },
            "{case:?}: {answer:?}"
        );
        let written = tables(&careful).await;
        assert_eq!(tables(&one).await, written, "{case:?}");
        assert_eq!(tables(&together).await, written, "{case:?}");
    }
}

#[tokio::test]
async fn one_that_is_left_to_the_careful_takes_back_those_around_it() {
    let client = filled().await;
    let before = tables(&client).await;
    for odd in cases(true) {
        let answers = rows(&client, &call(APPEND_TOGETHER, &[CASES[0], odd, CASES[1]])).await;
        assert_eq!(outcomes(&answers).last(), Some(&VOID), "{odd:?}");
        assert_eq!(tables(&client).await, before, "{odd:?}");
    }
}
