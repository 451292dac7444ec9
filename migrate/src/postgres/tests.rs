//! Migrations of PostgreSQL, as the library that servers call.

use super::*;
use std::sync::Arc;
use testkit::PostgresServer;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

const SERVICES: [Service; 2] = [Service::Auth, Service::Chat];

async fn connected(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn fresh() -> (String, Client) {
    let url = PostgresServer::shared().await.create_database().await;
    let client = connected(&url).await;
    (url, client)
}

/// Everything that a service's schema holds, as the catalog tells it.
async fn schema(client: &Client, service: Service) -> Vec<String> {
    let sql = "
        SELECT format('column %s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                      a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid)) AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = to_regnamespace($1::text) AND c.relkind IN ('r', 'p', 'v')
              AND c.relname NOT LIKE 'refinery%'
        UNION ALL
        SELECT format('relation %s %s %s %s %s', c.relname, c.relkind, c.reloptions, pg_get_expr(c.relpartbound, c.oid),
                      CASE c.relkind WHEN 'i' THEN pg_get_indexdef(c.oid) WHEN 'I' THEN pg_get_indexdef(c.oid)
                                     WHEN 'v' THEN pg_get_viewdef(c.oid) END)
        FROM pg_class c
        WHERE c.relnamespace = to_regnamespace($1::text) AND c.relname NOT LIKE 'refinery%'
        UNION ALL
        SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint
        WHERE connamespace = to_regnamespace($1::text) AND conrelid::regclass::text NOT LIKE '%refinery%'
        UNION ALL
        SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = to_regnamespace($1::text)
        ORDER BY line";
    let rows = client.query(sql, &[&service.name()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn up_then_down_to_nothing_then_up_gives_the_same_schema() {
    for service in SERVICES {
        let (_, mut client) = fresh().await;
        let known = known_version(service);
        assert_eq!(version(&client, service).await.unwrap(), 0);
        assert_eq!(up(&mut client, service, None).await.unwrap() as i64, known);
        let first = schema(&client, service).await;
        assert!(first.len() > 20, "{first:?}");
        down(&mut client, service, 0).await.unwrap();
        assert_eq!(schema(&client, service).await, [""; 0], "{service:?} left something behind");
        assert_eq!(version(&client, service).await.unwrap(), 0);
        up(&mut client, service, None).await.unwrap();
        assert_eq!(schema(&client, service).await, first);
        assert_eq!(up(&mut client, service, None).await.unwrap(), 0, "a second run has nothing to do");
    }
}

#[tokio::test]
async fn each_step_down_leaves_the_schema_of_the_version_before() {
    for service in SERVICES {
        let (_, mut client) = fresh().await;
        let mut before = Vec::new();
        for wanted in 1..=known_version(service) {
            before.push(schema(&client, service).await);
            assert_eq!(up(&mut client, service, Some(wanted)).await.unwrap(), 1);
        }
        while let Some(expected) = before.pop() {
            down(&mut client, service, before.len() as i64).await.unwrap();
            assert_eq!(schema(&client, service).await, expected, "{service:?} below {}", before.len() + 1);
        }
    }
}

#[tokio::test]
async fn of_ten_nodes_that_start_at_once_one_migrates_and_the_others_find_it_done() {
    let (url, client) = fresh().await;
    let url = Arc::new(url);
    let mut nodes = JoinSet::new();
    for _ in 0..10 {
        let url = Arc::clone(&url);
        nodes.spawn(async move {
            let mut client = connected(&url).await;
            let auth = up(&mut client, Service::Auth, None).await.unwrap();
            (auth, up(&mut client, Service::Chat, None).await.unwrap())
        });
    }
    let applied = nodes.join_all().await;
    for (service, mine) in [(Service::Auth, 0), (Service::Chat, 1)] {
        let of = |pair: &(usize, usize)| if mine == 0 { pair.0 } else { pair.1 };
        let known = usize::try_from(known_version(service)).unwrap();
        assert_eq!(applied.iter().filter(|pair| of(pair) == known).count(), 1, "{applied:?}");
        assert_eq!(applied.iter().filter(|pair| of(pair) == 0).count(), 9, "{applied:?}");
        assert_eq!(version(&client, service).await.unwrap(), known_version(service));
    }
}

#[tokio::test]
async fn rows_of_the_first_version_are_there_after_the_step_to_the_second() {
    let (_, mut client) = fresh().await;
    up(&mut client, Service::Chat, Some(1)).await.unwrap();
    let user = "INSERT INTO chat.users (id, username, username_key, display_name, known_since) \
                VALUES ('00000000-0000-0000-0000-000000000001', 'Ada', 'ada', 'Ada', 7)";
    client.batch_execute(user).await.unwrap();
    up(&mut client, Service::Chat, Some(2)).await.unwrap();
    let sql = "SELECT username, membership_no, profile_version FROM chat.users";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), ("Ada", 0_i64, 0_i64));
    down(&mut client, Service::Chat, 1).await.unwrap();
    let row = client.query_one("SELECT username FROM chat.users", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "Ada");
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let (_, mut client) = fresh().await;
    up(&mut client, Service::Chat, None).await.unwrap();
    let newer = "INSERT INTO chat.refinery_schema_history (version, name, applied_on, checksum) \
                 VALUES (999, 'x', '2026-01-01T00:00:00Z', '1')";
    client.batch_execute(newer).await.unwrap();
    let error = up(&mut client, Service::Chat, None).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 999, .. }), "{error}");
}

#[tokio::test]
async fn versions_that_are_not_there_are_refused() {
    let (_, mut client) = fresh().await;
    let newest = known_version(Service::Chat);
    for target in [0, -1, newest + 1] {
        assert!(up(&mut client, Service::Chat, Some(target)).await.is_err(), "{target}");
    }
    up(&mut client, Service::Chat, None).await.unwrap();
    for target in [newest, newest + 1, -1] {
        assert!(down(&mut client, Service::Chat, target).await.is_err(), "{target}");
    }
    assert_eq!(version(&client, Service::Chat).await.unwrap(), newest);
}

#[tokio::test]
async fn a_session_gets_its_own_bounds_back_and_gives_back_the_lock() {
    let (url, _) = fresh().await;
    let mut client =
        connected(&format!("{url}?options=-c%20statement_timeout%3D3000%20-c%20lock_timeout%3D2000")).await;
    up(&mut client, Service::Auth, None).await.unwrap();
    for (setting, expected) in [("statement_timeout", "3s"), ("lock_timeout", "2s")] {
        let row = client.query_one(&format!("SHOW {setting}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), expected);
    }
    let other = connected(&url).await;
    let lock = other.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&LOCKS, &1]).await.unwrap();
    assert!(lock.get::<_, bool>(0), "the lock was kept");
    let who = holder(&client, Service::Auth).await.unwrap();
    assert!(who.contains("process id"), "{who}");
}
