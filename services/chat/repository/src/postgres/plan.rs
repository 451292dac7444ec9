//! How PostgreSQL means to answer the hot queries: a result cannot tell whether an index was used.

use std::sync::Arc;

use chat_usecase::port::{Access, Log as _, Window};
use database::postgres::PostgresSettings;
use kernel::{RoomId, UserId};
use testkit::PostgresServer;
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

use super::store::PLANNING;
use super::{PostgresLog, PostgresStore, log, members, neighbours, standings};

/// A connection to a database of its own, with the settings that ours have, and where it is.
async fn migrated() -> (String, Client) {
    let url = PostgresServer::shared().await.create_database().await;
    let mut config: Config = url.parse().unwrap();
    let (mut client, connection) = config.options(PLANNING).connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    migrate::postgres::up(&mut client, migrate::Service::Chat, None).await.unwrap();
    (url, client)
}

/// As [`migrated`], for who does not ask where.
pub(super) async fn connected() -> Client {
    migrated().await.1
}

/// The steps of a query's plan, one a line. The tables are empty and would be read from end to end, but that is forbidden:
/// what still is has no index.
async fn plan_of(sql: &str) -> String {
    let client = connected().await;
    let nulls = vec!["NULL"; client.prepare(sql).await.unwrap().params().len()].join(", ");
    client.batch_execute(&format!("PREPARE q AS {sql}")).await.unwrap();
    let steps = client.query(&format!("EXPLAIN (COSTS off) EXECUTE q ({nulls})"), &[]).await.unwrap();
    steps.iter().map(|step| step.get::<_, &str>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_is_read_again_and_again_is_planned_once() {
    let (url, client) = migrated().await;
    let fill = "
        SELECT chat.welcome(gen_random_uuid(), 'ada', 'ada', 'Ada', NULL, 1, '{}', 1);
        SELECT chat.create_room(gen_random_uuid(), 0::smallint, 'den', 'den', NULL, NULL, NULL, '{}', '{}', id, 1, 9, NULL, NULL, 0)
        FROM chat.users";
    client.batch_execute(fill).await.unwrap();
    let ids = client.query_one("SELECT u.id, r.id FROM chat.users u, chat.rooms r", &[]).await.unwrap();
    let (reader, room): (UserId, RoomId) = (ids.get::<_, Uuid>(0).into(), ids.get::<_, Uuid>(1).into());
    let settings = PostgresSettings { url: Some(url), pool_size: 1, ..PostgresSettings::default() };
    let store = PostgresStore::connect(&settings, Arc::new(drop)).await.unwrap();
    let log = PostgresLog::new(store.clone());
    // PostgreSQL looks at five plans that it has made for their values before it decides.
    for _ in 0..10 {
        let page = log.history(reader, room, Window::Newest, 50).await.unwrap();
        assert!(matches!(page, Access::Granted(_)), "{page:?}");
    }
    let sql = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT r.kind%'";
    let plans = store.readers.read(async |connection| Ok(connection.query_one(sql, &[]).await?)).await.unwrap();
    assert_eq!((plans.get::<_, i64>(0), plans.get::<_, i64>(1)), (10, 0));
}

#[tokio::test]
async fn reads_of_messages_walk_over_nothing_else() {
    for sql in [log::select_history(), standings::select_page()] {
        let plan = plan_of(&sql).await;
        // The index of the messages, and its condition.
        assert!(plan.contains("using events_00_room_seq_idx on events_00"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    let plan = plan_of(&log::select_history()).await;
    assert!(plan.contains("Index Cond: ((room = m.room) AND (seq < $3))"), "{plan}");
    assert!(plan.contains("Index Cond: ((room = m.room) AND (seq >= $3))"), "{plan}");
    assert!(plan.contains("Index Scan Backward using events_00_room_seq_idx"), "{plan}");
}

#[tokio::test]
async fn reads_of_a_log_begin_where_they_are_to_begin() {
    for sql in [log::select_events_for_reader(), log::select_tail()] {
        let plan = plan_of(&sql).await;
        assert!(plan.contains("Index Scan using events_00_pkey on events_00"), "{plan}");
        assert!(plan.contains("AND (seq > $"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}

#[tokio::test]
async fn a_page_of_members_begins_where_the_one_before_ended() {
    let plan = plan_of(members::SELECT_MEMBERS).await;
    assert!(plan.contains("Index Cond: ((room = me.room) AND (joined_at >= $3))"), "{plan}");
    assert!(!plan.contains("Seq Scan"), "{plan}");
}

#[tokio::test]
async fn each_user_who_is_asked_for_costs_a_look_into_indexes() {
    for sql in [neighbours::IN_ROOM, neighbours::NEIGHBOURS] {
        let plan = plan_of(sql).await;
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    let plan = plan_of(neighbours::NEIGHBOURS).await;
    assert!(plan.contains("Index Cond: (\"user\" = u.id)"), "{plan}");
    assert!(plan.contains("Index Cond: (\"user\" = $1)"), "{plan}");
    assert_eq!(plan.matches("Sort Key").count(), 1, "they are sorted before they are looked at, and not again: {plan}");
    assert!(plan.contains("Subquery Scan on u"), "{plan}");
}

/// What is appended: ten messages of one member of one room, each an answer that names somebody.
const ASK: &str = "
    CREATE TEMP TABLE asked AS
    SELECT r.id AS room, u.id AS author, o.message_id AS original FROM chat.rooms r, chat.users u, chat.events o
    WHERE u.username = 'user1' AND o.kind = 4";
const ONE_BY_ONE: &str = "(
        room, author, gen_random_uuid(), gen_random_uuid(), 0::smallint, original, 'hello', 7::bigint, 'user7'
    )
    FROM asked, generate_series(1, 10)";
const TEN_AT_ONCE: &str = "(
        array_agg(room), array_agg(author), array_agg(gen_random_uuid()), array_agg(gen_random_uuid()),
        array_agg(0::smallint), array_agg(original), array_agg('hello'::text), array_agg(7::bigint), array_agg('user7'::text)
    )
    FROM asked, generate_series(1, 10)";
const CALLS: [(&str, &str); 4] = [
    ("append_one", ONE_BY_ONE),
    ("append_together", TEN_AT_ONCE),
    ("append_messages", TEN_AT_ONCE),
    // Nodes of the version before call it.
    ("append_few", TEN_AT_ONCE),
];

#[tokio::test]
async fn what_an_append_looks_at_does_not_grow_with_the_log_or_the_room_though_it_was_planned_when_they_were_empty() {
    let client = connected().await;
    let fill = "
        SELECT chat.welcome(gen_random_uuid(), 'user' || n, 'user' || n, 'x', NULL, 1, '{}', 1) FROM generate_series(1, 500) n;
        SELECT chat.create_room(gen_random_uuid(), 0::smallint, 'den', 'den', NULL, NULL, NULL, '{}', '{}', id, 1, 9, NULL, NULL, 0)
        FROM chat.users WHERE username = 'user1';
        SELECT chat.append_messages(ARRAY[r.id], ARRAY[u.id], ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], '{0}', '{NULL}',
                                    '{first}', '{1}', '{NULL}')
        FROM chat.rooms r, chat.users u WHERE u.username = 'user1'";
    client.batch_execute(fill).await.unwrap();
    let looked_at = async |function: &str, arguments: &str| {
        let sql = "SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables \
                   WHERE schemaname = 'chat' AND (relname LIKE 'events%' OR relname IN ('members', 'users'))";
        client.batch_execute("BEGIN").await.unwrap();
        let before: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
        client.batch_execute(&format!("SELECT chat.{function}{arguments}")).await.unwrap();
        let after: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
        client.batch_execute("COMMIT").await.unwrap();
        after - before
    };
    client.batch_execute(ASK).await.unwrap();
    for (function, arguments) in CALLS {
        looked_at(function, arguments).await;
    }
    let grow = "
        INSERT INTO chat.members (room, \"user\", role, joined_at)
        SELECT r.number, u.id, 0, 1 FROM chat.rooms r, chat.users u WHERE u.username <> 'user1';
        INSERT INTO chat.events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, body)
        SELECT r.number, 200 + n, 4, 1, u.id, 200 + n, gen_random_uuid(), gen_random_uuid(), 0, 'x'
        FROM chat.rooms r, chat.users u, generate_series(1, 5000) n WHERE u.username = 'user1';
        UPDATE chat.room_counters SET head_seq = 5200, message_count = 5200";
    client.batch_execute(grow).await.unwrap();
    for (function, arguments) in CALLS {
        let rows = looked_at(function, arguments).await;
        assert!((10..200).contains(&rows), "{function}: {rows} rows for ten messages");
    }
}
