//! Who is there: for whom it can be seen, when it is told, and that it ends.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Live, Person, Rest, until};
use tokio::time::timeout;

use crate::server::Server;

/// A reconnect takes less, and a test does not want to wait for more.
const GRACE: (&str, &str) = ("CHAT_PRESENCE_GRACE_MS", "3000");
/// A node that has just been started tells of nobody who has gone before it could have heard of all leases.
const LEASE: (&str, &str) = ("CHAT_PRESENCE_LEASE_MS", "5000");

/// Who is there, as somebody is told by REST: ids and status, in the order of the answer.
async fn listed(rest: &Rest, person: &Person, room: Option<&str>) -> Vec<(String, String)> {
    let query = room.map(|room| format!("?room={room}")).unwrap_or_default();
    let list = rest.get(&format!("/v1/presence{query}"), &person.token).await.expect(200);
    seen_in(&list)
}

fn seen_in(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let users = list["users"].as_array().unwrap().iter();
    users
        .map(|one| {
            assert!(one["last_seen_at"].is_string() && one["user"]["username"].is_string(), "{one}");
            (text(&one["user"]["id"]), text(&one["status"]))
        })
        .collect()
}

async fn listed_as(rest: &Rest, person: &Person, room: Option<&str>, expected: &[(&Person, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(person, status)| (person.id.clone(), (*status).to_owned())).collect();
    until("the right people are there", async || (listed(rest, person, room).await == expected).then_some(())).await;
}

/// The next `presence.changed` about somebody.
async fn changed(live: &mut Live, person: &Person) -> Value {
    loop {
        let event = live.event("presence.changed").await;
        if event["data"]["user_id"] == person.id {
            assert!(event["data"]["last_seen_at"].is_string() && event["room_id"].is_null(), "{event}");
            return event["data"]["status"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_there_is_listed_in_all_rooms_and_in_one_by_name() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let (cy, bob, ada) = (rest.person("Cy").await, rest.person("bob").await, rest.person("Ada").await);
    let (den, hall) = (rest.room(&ada).await, rest.room(&ada).await);
    rest.join(&bob, &den).await;
    rest.join(&cy, &hall).await;
    // Nobody is there without a socket, and none before it has started.
    let _waiting = rest.socket(&cy).await;
    let (mut hers, _his) = (rest.live(&ada, json!({})).await, rest.live(&bob, json!({})).await);
    listed_as(rest, &ada, Some(&den), &[(&ada, "online"), (&bob, "online")]).await;
    assert_eq!(listed(rest, &ada, Some(&hall)).await, [(ada.id.clone(), "online".to_owned())]);
    let _theirs = rest.live(&cy, json!({})).await;
    listed_as(rest, &cy, Some(&hall), &[(&ada, "online"), (&cy, "online")]).await;
    for (data, expected) in [(json!({"room_id": den}), 2), (json!({"room_id": hall}), 2), (json!({"room_id": null}), 3)]
    {
        let reply = hers.ask("presence.list", data).await;
        assert_eq!(reply["ok"], true, "{reply}");
        let found = seen_in(&reply["data"]);
        assert_eq!((found.len(), &found[0].0), (expected, &ada.id), "{reply}");
    }
    assert_eq!(hers.ask("presence.list", json!({})).await["data"]["users"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_who_is_in_rooms_of_others() {
    let server = Server::start(&[("CHAT_DEFAULT_ROOMS", "")]).await;
    let rest = &server.rest;
    let (ada, eve) = (rest.person("ada").await, rest.person("eve").await);
    let public = rest.room(&ada).await;
    let private = rest.post("/v1/rooms", &ada.token, json!({"name": "secret", "kind": "private"})).await.expect(201);
    let private = private["room"]["id"].as_str().unwrap().to_owned();
    let (mut hers, mut evil) = (rest.live(&ada, json!({})).await, rest.live(&eve, json!({})).await);
    listed_as(rest, &ada, None, &[(&ada, "online")]).await;
    listed_as(rest, &eve, None, &[(&eve, "online")]).await;
    for (room, status, code) in [(&public, 403, "not-a-member"), (&private, 404, "not-found")] {
        rest.get(&format!("/v1/presence?room={room}"), &eve.token).await.problem(status, code);
        let refused = evil.ask("presence.list", json!({"room_id": room})).await;
        assert_eq!((&refused["ok"], &refused["error"]["code"]), (&json!(false), &json!(code)), "{refused}");
    }
    // What ada does is told to her own socket; to the other one, what she does when they share a room comes first.
    hers.ask("presence.set", json!({"status": "away"})).await;
    while changed(&mut hers, &ada).await != "away" {}
    rest.join(&eve, &public).await;
    let mut event = evil.any_event().await;
    while event["type"] != "room.added" {
        assert_ne!(event["data"]["user_id"], ada.id, "she heard of somebody with whom she shared no room");
        event = evil.any_event().await;
    }
    hers.ask("presence.set", json!({"status": "dnd"})).await;
    assert_eq!(changed(&mut evil, &ada).await, "dnd");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_says_of_oneself_is_seen_by_others_and_offline_is_refused() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let (ada, bob) = (rest.person("ada").await, rest.person("bob").await);
    let den = rest.room(&ada).await;
    rest.join(&bob, &den).await;
    let mut his = rest.live(&bob, json!({})).await;
    let mut hers = rest.live(&ada, json!({})).await;
    assert_eq!(changed(&mut his, &ada).await, "online");
    for status in ["dnd", "away", "online"] {
        assert_eq!(hers.ask("presence.set", json!({"status": status})).await["data"], json!({}));
        assert_eq!(listed(rest, &bob, Some(&den)).await[0], (ada.id.clone(), status.to_owned()));
        assert_eq!(changed(&mut his, &ada).await, status);
    }
    let refused = hers.ask("presence.set", json!({"status": "offline"})).await;
    assert_eq!(refused["error"]["code"], "validation-failed", "{refused}");
    assert_eq!(refused["error"]["errors"][0]["pointer"], "/status");
    for wrong in
        [json!({}), json!({"status": "Online"}), json!({"status": "away", "until": 1}), json!({"status": null})]
    {
        assert_eq!(hers.ask("presence.set", wrong).await["ok"], false);
    }
    let mut waiting = rest.socket(&ada).await;
    assert_eq!(waiting.ask("presence.set", json!({"status": "dnd"})).await["error"]["code"], "invalid-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_two_sockets_comes_and_goes_once_and_a_quick_reconnect_is_no_news() {
    let server = Server::start(&[GRACE, LEASE]).await;
    let rest = &server.rest;
    let (ada, bob) = (rest.person("ada").await, rest.person("bob").await);
    // They share many rooms, and hear of each other once.
    for _ in 0..3 {
        let room = rest.room(&ada).await;
        rest.join(&bob, &room).await;
    }
    let mut his = rest.live(&bob, json!({})).await;
    let first = rest.live(&ada, json!({})).await;
    assert_eq!(changed(&mut his, &ada).await, "online");
    let mut second = rest.live(&ada, json!({})).await;
    first.close().await;
    second.ask("presence.set", json!({"status": "away"})).await;
    assert_eq!(changed(&mut his, &ada).await, "away", "the second socket, or the end of the first, was told");
    second.close().await;
    let mut third = rest.live(&ada, json!({})).await;
    assert_eq!(changed(&mut his, &ada).await, "online");
    for _ in 0..2 {
        third.close().await;
        third = rest.live(&ada, json!({})).await;
        let told = timeout(Duration::from_millis(500), changed(&mut his, &ada)).await;
        assert!(told.is_err(), "a reconnect was told: {told:?}");
        listed_as(rest, &bob, None, &[(&ada, "online"), (&bob, "online")]).await;
    }
    third.ask("presence.set", json!({"status": "dnd"})).await;
    assert_eq!(changed(&mut his, &ada).await, "dnd");
    third.close().await;
    assert_eq!(changed(&mut his, &ada).await, "offline");
    listed_as(rest, &bob, None, &[(&bob, "online")]).await;
}

/// Of whom somebody is told, but for these listeners, until this person is among them.
async fn told_until(live: &mut Live, last: &Person, listeners: [&Person; 2]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    while !told.contains(&last.id) {
        let event = live.event("presence.changed").await;
        let who = event["data"]["user_id"].as_str().unwrap();
        told.extend(listeners.iter().all(|listener| who != listener.id).then(|| who.to_owned()));
    }
    told.sort_unstable();
    told
}

/// They come in one moment, so they are told of together, and not to everybody of all of them.
#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_come_together_each_hears_once_of_whom_they_share_a_room_with() {
    let server = Server::start(&[("CHAT_DEFAULT_ROOMS", ""), ("HTTP_WORKERS", "1")]).await;
    let rest = &server.rest;
    let (bob, cy) = (rest.person("bob").await, rest.person("cy").await);
    let mut crowd = Vec::new();
    for name in ["one", "two", "three", "four", "five", "six", "seven", "eight"] {
        crowd.push(rest.person(name).await);
    }
    let last = rest.person("last").await;
    let (hall, den, nook) = (rest.room(&last).await, rest.room(&last).await, rest.room(&last).await);
    for (person, room) in [(&bob, &hall), (&bob, &den), (&cy, &hall), (&cy, &nook)] {
        rest.join(person, room).await;
    }
    // To bob the even ones are known, twice; to cy all are.
    for (number, person) in crowd.iter().enumerate() {
        let rooms = if number % 2 == 0 { vec![&hall, &den] } else { vec![&nook] };
        for room in rooms {
            rest.join(person, room).await;
        }
    }
    let (mut to_bob, mut to_cy) = (rest.live(&bob, json!({})).await, rest.live(&cy, json!({})).await);
    let _all = futures_util::future::join_all(crowd.iter().map(|person| rest.live(person, json!({})))).await;
    // Whoever comes last is told of last: those of the same worker were noted before.
    until("all who have come are there", async || (listed(rest, &cy, None).await.len() == 10).then_some(())).await;
    let _last = rest.live(&last, json!({})).await;
    let ids = |step| {
        let people = crowd.iter().step_by(step).map(|person| &person.id);
        people.chain([&last.id]).cloned().collect::<Vec<_>>()
    };
    assert_eq!(told_until(&mut to_bob, &last, [&bob, &cy]).await, ids(2));
    assert_eq!(told_until(&mut to_cy, &last, [&bob, &cy]).await, ids(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_who_is_there_and_changing_ones_status_too_often_is_refused() {
    let server = Server::start(&[("LIMITS_ENABLED", "true")]).await;
    let rest = &server.rest;
    let ada = rest.person("ada").await;
    let mut hers = rest.live(&ada, json!({})).await;
    for kind in ["presence.list", "presence.set"].into_iter().cycle().take(20) {
        let data = if kind == "presence.set" { json!({"status": "away"}) } else { json!({}) };
        assert_eq!(hers.ask(kind, data).await["ok"], true);
    }
    let refused = hers.ask("presence.set", json!({"status": "dnd"})).await;
    assert_eq!(refused["error"]["code"], "rate-limited", "{refused}");
    rest.get("/v1/presence", &ada.token).await.problem(429, "rate-limited");
}
