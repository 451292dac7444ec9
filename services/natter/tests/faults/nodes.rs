//! A node dies or stands still.

use rustix::process::Signal;
use serde_json::{Value, json};
use testkit::until;

use crate::fleet::for_a_while;
use crate::load::{Load, report};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_killed() {
    let load = Load::start().await;
    load.fleet.kill(0).await;
    load.goes_on(100).await;
    load.fleet.replace(0).await;
    load.fleet.kill(1).await;
    load.goes_on(100).await;
    report("nodes killed", &load.finish().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_stands_still_and_tells_nobody_anything_before_it_has_asked_for_the_sessions() {
    let load = Load::start().await;
    let paused = load.fleet.each().swap_remove(0);
    let others = load.fleet.each().swap_remove(1);
    let gone = others.person("gone").await;
    let room = others.room(&gone).await;
    let friend = others.person("friend").await;
    others.join(&friend, &room).await;
    let mut live = paused.live(&gone, json!({})).await;
    live.event("ready").await;
    load.fleet.signal(0, Signal::STOP);
    others.post("/v1/auth/signout", &gone.token, Value::Null).await.expect(204);
    for_a_while().await;
    others.say(&friend, &room, "not for those who are gone").await;
    load.fleet.signal(0, Signal::CONT);
    let mut code = Value::Null;
    while let Some(frame) = live.try_frame().await {
        assert_ne!(frame["data"]["body"], "not for those who are gone", "it was told after the session had ended");
        if frame["type"] == "goodbye" {
            code = frame["data"]["code"].clone();
        }
    }
    assert_eq!(code, 4501);
    until("the node serves again", async || (paused.get("/readyz", "").await.status == 200).then_some(())).await;
    report("a node stood still", &load.finish().await);
}
