//! A store that `migrate seed` has filled is served like any other.

use std::path::Path;

use database::DataDir;
use database::postgres::PostgresSettings;
use database::sqlite::open_writer;
use kernel::{Clock, SystemClock};
use migrate::Service;
use migrate::seed::demo::{PEOPLE, Person};
use migrate::seed::{self, Welcome};
use serde_json::{Value, json};
use testkit::{NatsServer, PostgresServer, Process, RedisServer, Rest, until};

const NATTER: &str = env!("CARGO_BIN_EXE_natter");

fn everybody() -> Vec<&'static Person> {
    PEOPLE.iter().collect()
}

/// The entry of a room of this name.
fn room<'r>(rooms: &'r [Value], name: &str) -> &'r Value {
    rooms.iter().find(|entry| entry["room"]["name"] == name).unwrap_or_else(|| panic!("{name} is not in {rooms:?}"))
}

/// People sign in, find their rooms with the right counts, read, resume, and talk.
async fn is_served(rest: &Rest, in_global: u64) {
    let [ada, grace, linus] = PEOPLE else { panic!("there are three") };
    let (ada, grace) =
        (rest.sign_in(ada.username, ada.password).await, rest.sign_in(grace.username, grace.password).await);
    let linus = rest.sign_in(linus.username, linus.password).await;
    let mine = rest.get("/v1/users/me/rooms", &ada.token).await.expect(200);
    let mine = mine["items"].as_array().unwrap();
    assert_eq!(mine.len(), 3);
    assert_eq!(room(mine, "global")["room"]["member_count"], in_global);
    let engines = room(mine, "engine-room");
    assert_eq!((&engines["role"], &engines["room"]["kind"]), (&"owner".into(), &"public".into()));
    // One room made, three who came in, and ada's good morning: three messages have followed, one of them names her.
    assert_eq!(
        (&engines["head_seq"], &engines["read_seq"], &engines["unread"], &engines["mentions"]),
        (&8.into(), &5.into(), &3.into(), &1.into())
    );
    let id = engines["room"]["id"].as_str().unwrap();

    let history = rest.get(&format!("/v1/rooms/{id}/messages"), &linus.token).await.expect(200);
    let seqs: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [5, 6, 7, 8]);
    let answer = &history["items"][2];
    assert_eq!((&answer["reply_to"], &answer["author"]["username"]), (&history["items"][0]["id"], &"linus".into()));
    let log = rest.get(&format!("/v1/rooms/{id}/events?after_seq=0"), &ada.token).await.expect(200);
    let first = &log["items"][0];
    assert_eq!((&first["seq"], &first["data"]["room"]["title"]), (&1.into(), &"Engine room".into()), "{first}");
    rest.get(&format!("/v1/rooms/{}", room(mine, "notes")["room"]["id"].as_str().unwrap()), &linus.token)
        .await
        .expect(404);

    // Grace was there for the first six; a socket brings the rest, and then what is said now.
    let mut live = rest.live(&grace, json!({ id: 6 })).await;
    assert_eq!(live.started(id)["head_seq"], 8);
    for seq in [7, 8] {
        assert_eq!(live.event("message.created").await["seq"], seq);
    }
    assert_eq!(rest.say(&ada, id, "It does run on mine.").await, 9);
    assert_eq!(live.event("message.created").await["seq"], 9);
    let marked = rest.get("/v1/users/me/rooms", &ada.token).await.expect(200);
    assert_eq!(room(marked["items"].as_array().unwrap(), "engine-room")["unread"], 0);

    // A newcomer finds the public room.
    let alan = rest.person("alan").await;
    rest.join(&alan, id).await;
    assert_eq!(rest.say(&alan, id, "Can it halt?").await, 11);
}

/// What `migrate up` and `migrate seed` do on an embedded store.
fn seed_embedded(path: &Path) {
    let held = DataDir::hold(path).unwrap();
    let mut auth = open_writer(&held.file("auth.db")).unwrap();
    migrate::sqlite::up(&mut auth, Service::Auth).unwrap();
    seed::sqlite::accounts(&mut auth, SystemClock.now().as_millis()).unwrap();
    let mut chat = open_writer(&held.file("chat.db")).unwrap();
    migrate::sqlite::up(&mut chat, Service::Chat).unwrap();
    let welcome = Welcome { default_rooms: &["global".to_owned()], now: SystemClock.now().as_millis() };
    seed::sqlite::rooms(&mut chat, &everybody(), welcome).unwrap();
}

#[tokio::test]
async fn a_seeded_data_directory_is_served_like_any_other() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    seed_embedded(&data);
    let server = Process::start(NATTER, &data, &[]).await.unwrap();
    is_served(&server.rest(), 3).await;
    server.stop().await;
    // Seeded again, the store is as its people left it.
    seed_embedded(&data);
    let server = Process::start(NATTER, &data, &[]).await.unwrap();
    let ada = server.rest().sign_in(PEOPLE[0].username, PEOPLE[0].password).await;
    let mine = server.rest().get("/v1/users/me/rooms", &ada.token).await.expect(200);
    assert_eq!(room(mine["items"].as_array().unwrap(), "engine-room")["head_seq"], 11);
}

#[tokio::test]
async fn a_fleet_is_seeded_while_its_nodes_run_and_somebody_is_in_a_room() {
    let home = tempfile::tempdir().unwrap();
    let keys = home.path().join("keys");
    // Whoever starts on an embedded store makes keys, which a fleet has to be given.
    Process::start(NATTER, &keys, &[]).await.unwrap().stop().await;
    let (signing, refresh) = (keys.join("auth_signing_key.pem"), keys.join("auth_refresh_key"));
    let (postgres, redis, nats) =
        (PostgresServer::start().await, RedisServer::start().await, NatsServer::start().await);
    let url = postgres.create_database().await;
    let (redis_url, nats_url) = (redis.url(), nats.url());
    let vars = [
        ("POSTGRES_URL", url.as_str()),
        ("REDIS_URL", &redis_url),
        ("NATS_URL", &nats_url),
        ("MIGRATE_ON_START", "true"),
        ("AUTH_SIGNING_KEY_FILE", signing.to_str().unwrap()),
        ("AUTH_REFRESH_KEY_FILE", refresh.to_str().unwrap()),
    ];
    let node = Process::start(NATTER, &home.path().join("none"), &vars).await.unwrap();
    let rest = node.rest();
    until("the node is ready", async || (rest.get("/readyz", "").await.status == 200).then_some(())).await;
    let early = rest.person("early").await;
    let mut live = rest.live(&early, json!({})).await;

    let settings = PostgresSettings { url: Some(url.clone()), ..PostgresSettings::default() };
    let mut client = settings.primary("seed").unwrap().connect().await.unwrap();
    seed::postgres::accounts(&mut client, SystemClock.now().as_millis()).await.unwrap();
    let welcome = Welcome { default_rooms: &["global".to_owned()], now: SystemClock.now().as_millis() };
    seed::postgres::rooms(&mut client, &everybody(), welcome).await.unwrap();

    // Nobody published what was seeded; whoever is in a room hears of it all the same.
    for person in PEOPLE {
        let joined = live.event("member.joined").await;
        assert_eq!(joined["data"]["user"]["username"], person.username, "{joined}");
    }
    is_served(&rest, 4).await;
}
