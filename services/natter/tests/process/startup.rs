//! Starting and stopping.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use testkit::Process;

const NATTER: &str = env!("CARGO_BIN_EXE_natter");

async fn refused(data_dir: &std::path::Path, vars: &[(&str, &str)]) -> String {
    match Process::start(NATTER, data_dir, vars).await {
        Ok(_) => panic!("it started"),
        Err(said) => said,
    }
}

#[tokio::test]
async fn a_data_directory_in_use_is_refused_and_the_holder_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let holder = Process::start(NATTER, &data, &[]).await.unwrap();
    let said = refused(&data, &[]).await;
    assert!(said.contains("in use") && said.contains(&holder.pid().to_string()), "{said}");
    assert_eq!(holder.rest().get("/readyz", "").await.status, 200);
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let said = refused(&file.join("data"), &[]).await;
    assert!(said.contains("cannot write the data directory") && said.contains("DATA_DIR"), "{said}");
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    Process::start(NATTER, &data, &[]).await.unwrap().stop().await;
    for database in ["auth.db", "chat.db"] {
        let newer =
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (99, 'x', '', '1')";
        let store = Connection::open(data.join(database)).unwrap();
        store.execute(newer, []).unwrap();
        let said = refused(&data, &[]).await;
        assert!(said.contains("newer version of Natter"), "{said}");
        store.execute("DELETE FROM refinery_schema_history WHERE version = 99", []).unwrap();
    }
    Process::start(NATTER, &data, &[]).await.unwrap();
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_the_variables_name() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    for (variable, value) in [
        ("POSTGRES_URL", "postgres://localhost/natter"),
        ("HTTP_ADDR", "somewhere"),
        ("AUTH_HASH_MEMORY_KIB", "1"),
        ("CHAT_DEFAULT_ROOMS", "two words"),
        ("LOG_FILTER", "a=b=c"),
    ] {
        let said = refused(&data, &[(variable, value)]).await;
        assert!(said.contains(variable), "{variable}: {said}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listener = std::net::TcpListener::bind(taken).unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let said = refused(&home.path().join("data"), &[("HTTP_ADDR", &addr)]).await;
    assert!(said.contains("HTTP_ADDR") && said.contains(&addr), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn keys_and_databases_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = Process::start(NATTER, &data, &[]).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for key in ["auth_signing_key.pem", "auth_refresh_key"] {
        assert_eq!(mode(&data.join(key)), 0o600, "{key}");
    }
    drop(server);
}

#[tokio::test]
async fn the_log_is_long_from_the_first_start_and_stays_so_over_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let length = || std::fs::metadata(home.path().join("chat.db-wal")).unwrap().len();
    let mut server = Process::start(NATTER, home.path(), &[]).await.unwrap();
    assert!(length() < 1 << 20, "without being told to it is as short as can be");
    server.stop().await;
    // A slow machine may not get further than the first piece.
    server = Process::start(NATTER, home.path(), &[("CHAT_STORE_FULL_LOG", "true")]).await.unwrap();
    let long = length();
    assert!(long > 2 << 20, "{long}");
    let rest = server.rest();
    rest.room(&rest.person("ada").await).await;
    assert_eq!(length(), long);
    server.kill().await;
    server = Process::start(NATTER, home.path(), &[]).await.unwrap();
    assert_eq!(length(), long);
    let rest = server.rest();
    rest.room(&rest.person("bob").await).await;
    assert_eq!(server.stop().await, Some(0));
    let _again = Process::start(NATTER, home.path(), &[]).await.unwrap();
    assert_eq!(length(), long);
}

#[cfg(unix)]
#[tokio::test]
async fn where_the_log_cannot_be_long_the_server_says_so_and_serves() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let (data, log, script) = (home.path().join("data"), home.path().join("natter.log"), home.path().join("natter"));
    // Files of 4 MiB at most stand for a disk without room: a longer one is refused while it is written.
    std::fs::write(&script, format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f 8192\nexec {NATTER}\n")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let vars = [("CHAT_STORE_FULL_LOG", "true"), ("LOG_FILE", log.to_str().unwrap())];
    let server = Process::start(script.to_str().unwrap(), &data, &vars).await.unwrap();
    assert!(std::fs::metadata(data.join("chat.db-wal")).unwrap().len() < 1 << 20, "it was given back");
    testkit::until("the log says so", || async {
        std::fs::read_to_string(&log).unwrap().contains("See that DATA_DIR's disk has room").then_some(())
    })
    .await;
    let rest = server.rest();
    let ada = rest.person("ada").await;
    let room = rest.room(&ada).await;
    let mut live = rest.live(&ada, json!({})).await;
    assert_eq!(live.say(&room, "hello").await["ok"], true);
}

#[tokio::test]
async fn sigterm_answers_what_is_in_flight_says_goodbye_and_exits_with_zero() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Process::start(NATTER, &home.path().join("data"), &[]).await.unwrap();
    let rest = server.rest();
    let ada = rest.person("ada").await;
    let room = rest.room(&ada).await;
    let mut live = rest.live(&ada, json!({})).await;
    let idle = rest.live(&ada, json!({})).await;
    let mut ids = Vec::new();
    for n in 0..50 {
        let message = json!({"room_id": room, "body": format!("{n}"), "client_msg_id": uuid::Uuid::new_v4()});
        ids.push(live.send("message.send", message).await);
    }
    // The last one has been read when the first is answered or soon after; what the server has read it answers.
    let mut acknowledged = Vec::new();
    let first = live.reply(&ids[0]).await;
    acknowledged.push(first["data"]["seq"].as_u64().unwrap());
    server.signal(rustix::process::Signal::TERM);
    let goodbye = idle.closed().await;
    assert_eq!(goodbye.code, 4400);
    let data = &goodbye.goodbye.unwrap()["data"];
    assert_eq!(data["resumable"], true);
    assert!(data["retry_after_ms"].as_u64().unwrap() <= 30_000);
    assert_eq!(live.closed().await.code, 4400);
    assert_eq!(server.exit(Duration::from_secs(10)).await, Some(0));
}

#[tokio::test]
async fn the_id_in_a_problem_finds_the_request_in_the_log() {
    let home = tempfile::tempdir().unwrap();
    let (data, log) = (home.path().join("data"), home.path().join("natter.log"));
    let server = Process::start(NATTER, &data, &[("LOG_FILE", log.to_str().unwrap())]).await.unwrap();
    let rest = server.rest();
    let ada = rest.person("ada").await;
    let room = rest.room(&ada).await;
    let mut live = rest.live(&ada, json!({})).await;
    let locker = Connection::open(data.join("chat.db")).unwrap();
    locker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let by_socket = live.say(&room, "hello").await["error"]["request_id"].as_str().unwrap().to_owned();
    let post = rest
        .request(reqwest::Method::POST, &format!("/v1/rooms/{room}/messages"))
        .bearer_auth(&ada.token)
        .header("x-request-id", "find-me-1")
        .json(&json!({"body": "hello", "client_msg_id": uuid::Uuid::new_v4()}));
    assert_eq!(rest.send(post).await.problem(503, "storage-unavailable")["request_id"], "find-me-1");
    for id in ["find-me-1", by_socket.as_str()] {
        testkit::until("the id is in the log", || async {
            std::fs::read_to_string(&log).unwrap().contains(id).then_some(())
        })
        .await;
    }
}
