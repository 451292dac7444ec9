//! The two functions that append messages answer and write the same: there are two for speed alone.

use testkit::PostgresServer;
use tokio_postgres::{Client, NoTls};

use super::append::{APPEND_FEW, APPEND_MANY};

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

async fn filled() -> Client {
    let url = PostgresServer::shared().await.create_database().await;
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    migrate::postgres::up(&mut client, migrate::Service::Chat, None).await.unwrap();
    client.batch_execute(PEOPLE_AND_ROOMS).await.unwrap();
    client
}

/// The answers of one of the functions, and what is in the tables after it.
async fn outcome(append: &str, cases: &[Case], client: &Client) -> Vec<String> {
    let id = |tail: &str| format!("00000000-0000-0000-0000-{tail:0>12}");
    let list = |items: Vec<String>| format!("ARRAY[{}]", items.join(","));
    let column = |of: &dyn Fn(usize) -> String| list((0..cases.len()).map(of).collect());
    let quoted = |text: Option<String>| text.map_or("NULL".to_owned(), |text| format!("'{text}'"));
    let arguments = [
        column(&|nth| quoted(Some(id(cases[nth].0)))) + "::uuid[]",
        column(&|nth| quoted(Some(id(cases[nth].1)))) + "::uuid[]",
        column(&|nth| quoted(Some(id(&format!("03{}", cases[nth].2))))) + "::uuid[]",
        column(&|nth| quoted(Some(id(cases[nth].2)))) + "::uuid[]",
        column(&|nth| (nth % 2).to_string()) + "::smallint[]",
        column(&|nth| quoted(cases[nth].3.map(id))) + "::uuid[]",
        column(&|nth| quoted(Some(format!("text {}", cases[nth].2)))) + "::text[]",
        column(&|nth| (100 + nth).to_string()) + "::bigint[]",
        column(&|nth| quoted(cases[nth].4.map(str::to_owned))) + "::text[]",
    ];
    let mut call = append.to_owned();
    for (nth, argument) in arguments.iter().enumerate() {
        call = call.replace(&format!("${}", nth + 1), argument);
    }
    let mut lines = Vec::new();
    for sql in [
        call.as_str(),
        "SELECT room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, reply_to, mentions, body \
         FROM chat.events ORDER BY room, seq",
        "SELECT * FROM chat.room_counters ORDER BY room",
        "SELECT room, \"user\", read_seq FROM chat.members ORDER BY room, \"user\"",
        "SELECT * FROM chat.mentions ORDER BY room, \"user\", seq",
    ] {
        for row in client.query(&format!("SELECT x::text FROM ({sql}) x"), &[]).await.unwrap() {
            lines.push(row.get::<_, String>(0));
        }
    }
    lines
}

#[tokio::test]
async fn a_few_and_many_are_appended_alike() {
    let (few, many) = (filled().await, filled().await);
    let by_few = outcome(APPEND_FEW, &CASES, &few).await;
    assert_eq!(by_few, outcome(APPEND_MANY, &CASES, &many).await);
    let outcomes: Vec<_> = by_few.iter().take(CASES.len()).map(|row| &row[1..2]).collect();
    assert_eq!(outcomes, ["0", "0", "0", "2", "1", "0", "4", "3", "1", "0", "5", "5", "0", "0"], "{by_few:#?}");
}

#[tokio::test]
async fn a_few_and_many_are_appended_alike_one_by_one() {
    let (few, many) = (filled().await, filled().await);
    for case in CASES {
        let by_few = outcome(APPEND_FEW, &[case], &few).await;
        assert_eq!(by_few, outcome(APPEND_MANY, &[case], &many).await, "{case:?}");
    }
}
