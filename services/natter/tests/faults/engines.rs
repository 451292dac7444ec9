//! An engine dies, hangs or forgets.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Live, Person};

use crate::fleet::for_a_while;
use crate::load::{Load, report};

/// Signs somebody in and out, and gives what is left: tokens that must never work again.
async fn revoked(load: &Load) -> Person {
    let rest = load.fleet.rest();
    let gone = rest.person("gone").await;
    // Nodes that have just been asked believe that it lives.
    for node in load.fleet.each() {
        node.get("/v1/users/me", &gone.token).await.expect(200);
    }
    rest.post("/v1/auth/signout", &gone.token, Value::Null).await.expect(204);
    gone
}

/// No node lets the tokens of an ended session in, whatever it cannot ask.
async fn stays_out(load: &Load, gone: &Person) {
    for node in load.fleet.each() {
        for path in ["/v1/users/me", "/v1/users/me/rooms"] {
            let status = node.get(path, &gone.token).await.status;
            assert!(status == 401 || status == 503, "{path} answered {status} to an ended session");
        }
    }
}

/// What has been answered is over for the client, though the server still waits for NATS to confirm that it listens to the
/// new room.
async fn uses_an_id_again(live: &mut Live) {
    for kind in ["room.create", "ping"] {
        let data = if kind == "ping" { json!({}) } else { json!({"kind": "private", "name": "den"}) };
        live.send_raw(json!({"id": "same", "type": kind, "data": data}).to_string()).await;
        let reply = live.reply("same").await;
        assert_eq!(reply["ok"], true, "{kind}: {reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_killed() {
    let load = Load::start().await;
    let gone = revoked(&load).await;
    load.fleet.postgres.kill().await;
    for_a_while().await;
    stays_out(&load, &gone).await;
    load.fleet.postgres.restart().await;
    stays_out(&load, &gone).await;
    report("PostgreSQL killed", &load.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_hangs() {
    let load = Load::start().await;
    let gone = revoked(&load).await;
    load.fleet.postgres.pause().await;
    for_a_while().await;
    load.fleet.postgres.resume().await;
    stays_out(&load, &gone).await;
    report("PostgreSQL hung", &load.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_is_away() {
    let load = Load::start().await;
    load.fleet.nats.kill().await;
    load.goes_on(100).await;
    for_a_while().await;
    // A session ends while nobody can be told of it.
    let gone = revoked(&load).await;
    stays_out(&load, &gone).await;
    load.fleet.nats.restart().await;
    let told = load.finish().await;
    report("NATS away", &told);
    assert!(told.slowest <= Duration::from_secs(5), "a message took {:?} without NATS", told.slowest);
    assert_eq!(told.connections, 6, "somebody lost a socket because of NATS");
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_hangs() {
    let load = Load::start().await;
    let rest = load.fleet.rest();
    let mut live = rest.live(&rest.person("maker").await, json!({})).await;
    load.fleet.nats.pause().await;
    uses_an_id_again(&mut live).await;
    load.goes_on(100).await;
    for_a_while().await;
    load.fleet.nats.resume().await;
    let told = load.finish().await;
    report("NATS hung", &told);
    assert!(told.slowest <= Duration::from_secs(5), "a message took {:?} without NATS", told.slowest);
    assert_eq!(told.connections, 6, "somebody lost a socket because of NATS");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed() {
    let load = Load::start().await;
    let before = revoked(&load).await;
    load.fleet.redis.kill().await;
    load.goes_on(50).await;
    stays_out(&load, &before).await;
    let meanwhile = revoked(&load).await;
    stays_out(&load, &meanwhile).await;
    for_a_while().await;
    load.fleet.redis.restart().await;
    for gone in [&before, &meanwhile] {
        stays_out(&load, gone).await;
    }
    let told = load.finish().await;
    report("Redis killed", &told);
    assert_eq!(told.connections, 6, "somebody lost a socket because of Redis");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_hangs() {
    let load = Load::start().await;
    let before = revoked(&load).await;
    load.fleet.redis.pause().await;
    load.goes_on(50).await;
    let meanwhile = revoked(&load).await;
    for_a_while().await;
    for gone in [&before, &meanwhile] {
        stays_out(&load, gone).await;
    }
    load.fleet.redis.resume().await;
    for gone in [&before, &meanwhile] {
        stays_out(&load, gone).await;
    }
    let told = load.finish().await;
    report("Redis hung", &told);
    assert_eq!(told.connections, 6, "somebody lost a socket because of Redis");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_emptied() {
    let load = Load::start().await;
    let gone = revoked(&load).await;
    load.fleet.redis.flush_all().await;
    stays_out(&load, &gone).await;
    let told = load.finish().await;
    report("Redis emptied", &told);
    assert_eq!(told.connections, 6, "somebody was signed out by the loss of Redis");
}
