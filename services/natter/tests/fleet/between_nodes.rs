//! What happens on one node and must be known on the others.

use serde_json::{Value, json};
use testkit::{Live, until};

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_what_passes_reach_the_sockets_of_every_node() {
    let server = Server::start(&[]).await;
    let [one, other] = [0, 1].map(|node| server.rest.through(&server.chat[node..=node]));
    let (ada, bob) = (one.person("ada").await, one.person("bob").await);
    let room = one.room(&ada).await;
    one.join(&bob, &room).await;
    let mut hers = one.live(&ada, json!({})).await;
    let mut his = other.live(&bob, json!({})).await;
    let mut his_second = one.live(&bob, json!({})).await;
    for (number, speaker) in [&mut hers, &mut his].into_iter().enumerate() {
        assert_eq!(speaker.say(&room, &number.to_string()).await["ok"], true);
    }
    for live in [&mut hers, &mut his] {
        for body in ["0", "1"] {
            assert_eq!(live.event("message.created").await["data"]["body"], body);
        }
    }
    hers.ask("typing.start", json!({"room_id": room})).await;
    assert_eq!(his.event("typing.started").await["data"]["user"]["id"], ada.id);
    let seq = one.say(&ada, &room, "read this").await;
    his.ask("read.mark", json!({"room_id": room, "seq": seq})).await;
    let marked = his_second.event("read.updated").await;
    assert_eq!((&marked["data"]["user_id"], &marked["data"]["read_seq"]), (&json!(bob.id), &json!(seq)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_joined_or_left_on_one_node_comes_and_goes_on_the_sockets_of_another() {
    let server = Server::start(&[]).await;
    let [one, other] = [0, 1].map(|node| server.rest.through(&server.chat[node..=node]));
    let (ada, bob) = (one.person("ada").await, one.person("bob").await);
    let room = one.room(&ada).await;
    let mut his = other.live(&bob, json!({})).await;
    for round in 0..3 {
        one.join(&bob, &room).await;
        let added = his.event("room.added").await;
        assert_eq!(added["data"]["room"]["id"], room);
        let body = format!("round {round}");
        let seq = one.say(&ada, &room, &body).await;
        assert_eq!(his.event("message.created").await["seq"], seq);
        one.post(&format!("/v1/rooms/{room}/leave"), &bob.token, Value::Null).await.expect(204);
        assert_eq!(his.event("room.removed").await["room_id"], room);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_bus_has_brought_comes_from_the_store() {
    let server = Server::start(&[("CHAT_RECONCILE_EVERY_MS", "200")]).await;
    // These nodes share the store with the others, and have a bus of their own.
    let deaf = server.apart().await;
    let [here, there] = [&server.rest, &deaf.rest];
    let (ada, bob) = (here.person("ada").await, here.person("bob").await);
    let room = here.room(&ada).await;
    here.join(&bob, &room).await;
    let mut his = there.live(&bob, json!({})).await;
    let seq = here.say(&ada, &room, "nobody is told").await;
    assert_eq!(his.event("message.created").await["seq"], seq);
    let second = here.room(&ada).await;
    here.join(&bob, &second).await;
    assert_eq!(his.event("room.added").await["data"]["room"]["id"], second, "a joining was missed");
    here.post(&format!("/v1/rooms/{second}/leave"), &bob.token, Value::Null).await.expect(204);
    assert_eq!(his.event("room.removed").await["room_id"], second, "a leaving was missed");
    here.post("/v1/auth/signout", &bob.token, Value::Null).await.expect(204);
    assert_eq!(his.closed().await.code, 4501, "a revocation was missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_profile_is_seen_in_chat() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let ada = rest.person("ada").await;
    let room = rest.room(&ada).await;
    rest.say(&ada, &room, "before").await;
    let change = json!({"display_name": "Ada Lovelace", "avatar_url": "https://example.org/ada.png"});
    let changed = rest.call(reqwest::Method::PATCH, "/v1/users/me", &ada.token, change).await.expect(200);
    assert_eq!(changed["display_name"], "Ada Lovelace");
    until("chat has heard of it", async || {
        let page = rest.get(&format!("/v1/rooms/{room}/messages"), &ada.token).await.expect(200);
        let author = &page["items"][0]["author"];
        (author["display_name"] == "Ada Lovelace" && author["avatar_url"] == "https://example.org/ada.png")
            .then_some(())
    })
    .await;
    let live: Live = rest.live(&ada, json!({})).await;
    assert_eq!(live.hello["data"]["user"]["display_name"], "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nodes_ask_each_other_is_answered_to_nobody_else() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let ada = rest.person("ada").await;
    for token in ["", &ada.token, "c2VjcmV0"] {
        let asked = rest.post("/internal/v1/sessions", token, json!({"ids": [ada.session_id]})).await;
        asked.problem(401, "token-invalid");
        rest.get(&format!("/internal/v1/users/{}", ada.id), token).await.problem(401, "token-invalid");
    }
}
