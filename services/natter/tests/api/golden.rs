//! The examples of `docs/protocol.md` against a real server: it takes the ones of clients, and sends what the page shows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Live, Person, Rest};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::server::Server;

const PAGE: &str = include_str!("../../../../docs/protocol.md");

/// Events of calls that this server does not have yet; the page shows them, because a later server's log has them.
const NOT_YET: &[&str] = &[
    "room.updated",
    "room.archived",
    "member.removed",
    "member.role_changed",
    "message.edited",
    "message.deleted",
    "reaction.added",
    "reaction.removed",
    "message.pinned",
    "message.unpinned",
];

/// The examples of one direction, by name.
fn examples(direction: &str) -> BTreeMap<&'static str, Value> {
    let fence = format!("\n```json {direction} ");
    let read = |text: &'static str| {
        let (name, rest) = text.split_once('\n').unwrap();
        (name.trim(), serde_json::from_str(rest.split_once("\n```").unwrap().0).unwrap())
    };
    PAGE.split(fence.as_str()).skip(1).map(read).collect()
}

/// Checks that a value has the keys of the example, all and no more, at every depth; what is `null` in one of them, and a
/// room's metadata, may be anything.
#[track_caller]
fn check_shape(name: &str, found: &Value, example: &Value) {
    match (found, example) {
        (Value::Object(found_fields), Value::Object(fields)) => {
            let keys = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(keys(found_fields), keys(fields), "{name}: {found}");
            for (key, value) in fields.iter().filter(|(key, _)| *key != "metadata") {
                check_shape(&format!("{name}/{key}"), &found[key], value);
            }
        }
        (Value::Array(items), Value::Array(shown)) => {
            for item in items {
                shown.iter().take(1).for_each(|shown| check_shape(name, item, shown));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        _ => assert_eq!(std::mem::discriminant(found), std::mem::discriminant(example), "{name}: {found}"),
    }
}

/// An example of a client with ids that are there.
fn with_real_ids(name: &str, example: &Value, room: &str, other: &str, live: &Live, token: &str) -> Value {
    let mut request = example.clone();
    let data = &mut request["data"];
    if !data["room_id"].is_null() {
        data["room_id"] = json!(if matches!(name, "room.join" | "room.leave") { other } else { room });
    }
    match name {
        "start" => *data = json!({"epoch": live.hello["data"]["epoch"], "cursors": {room: 2}}),
        "session.renew" => data["access_token"] = json!(token),
        _ => {}
    }
    request
}

#[tokio::test]
async fn every_example_of_a_client_is_taken_and_answered_as_shown() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let (room, other) = (server.rest.room(&ada).await, server.rest.room(&bob).await);
    server.rest.say(&ada, &room, "hello").await;
    let refreshed = server.rest.post("/v1/auth/refresh", "", json!({"refresh_token": ada.refresh_token})).await;
    let token = refreshed.expect(200)["access_token"].as_str().unwrap().to_owned();
    let mut live = server.rest.socket(&ada).await;
    let (requests, frames) = (examples("client"), examples("server"));
    let order = [
        "start",
        "message.send",
        "room.create",
        "room.join",
        "room.leave",
        "read.mark",
        "typing.start",
        "typing.stop",
        "presence.set",
        "presence.list",
        "session.renew",
        "ping",
    ];
    assert_eq!(requests.keys().copied().collect::<BTreeSet<_>>(), order.into(), "a request that is not tried");
    for name in order {
        let request = with_real_ids(name, &requests[name], &room, &other, &live, &token);
        live.send_raw(request.to_string()).await;
        let reply = live.reply(request["id"].as_str().unwrap()).await;
        assert_eq!(reply["ok"], true, "{name}: {reply}");
        check_shape(name, &reply, &frames[format!("reply:{name}").as_str()]);
    }
    let refused = live.ask("read.mark", json!({"room_id": other, "seq": 1})).await;
    check_shape("reply:refused", &refused, &frames["reply:refused"]);
    assert_eq!(refused["error"]["code"], frames["reply:refused"]["error"]["code"]);
}

/// Somebody in more rooms than one frame has place for.
async fn in_many_rooms(rest: &Rest) -> Person {
    let ada = rest.person("ada").await;
    let mut making = JoinSet::new();
    for _ in 0..201 {
        let (rest, ada) = (rest.clone(), ada.clone());
        making.spawn(async move { rest.room(&ada).await });
    }
    making.join_all().await;
    ada
}

/// Takes frames until one of this kind has come, and keeps one of each.
async fn collect(seen: &mut BTreeMap<String, Value>, live: &mut Live, until: &str) {
    loop {
        let frame = live.try_frame().await.expect("the socket is open until the frame");
        let kind = frame["type"].as_str().unwrap_or("reply").to_owned();
        let is_last = kind == until;
        seen.insert(kind, frame);
        if is_last {
            return;
        }
    }
}

#[tokio::test]
async fn every_frame_that_this_server_sends_is_as_shown() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let (ada, bob) = (in_many_rooms(rest).await, rest.person("bob").await);
    let room = rest.room(&ada).await;
    let mut seen = BTreeMap::new();
    let mut hers = rest.socket(&ada).await;
    seen.insert("hello".to_owned(), hers.hello.clone());
    hers.send("start", json!({})).await;
    collect(&mut seen, &mut hers, "rooms").await;
    collect(&mut seen, &mut hers, "ready").await;
    let mut his = rest.live(&bob, json!({})).await;
    rest.join(&bob, &room).await;
    collect(&mut seen, &mut hers, "member.joined").await;
    collect(&mut seen, &mut his, "room.added").await;
    rest.say(&ada, &room, &format!("hello, @{}", bob.username)).await;
    collect(&mut seen, &mut hers, "message.created").await;
    let in_room = json!({"room_id": room});
    for (request, data, event) in [
        ("typing.start", in_room.clone(), "typing.started"),
        ("typing.stop", in_room, "typing.stopped"),
        ("read.mark", json!({"room_id": room, "seq": 4}), "read.updated"),
        ("presence.set", json!({"status": "dnd"}), "presence.changed"),
    ] {
        assert_eq!(his.ask(request, data).await["ok"], true);
        collect(&mut seen, &mut hers, event).await;
    }
    rest.post(&format!("/v1/rooms/{room}/leave"), &bob.token, Value::Null).await.expect(204);
    collect(&mut seen, &mut hers, "member.left").await;
    collect(&mut seen, &mut his, "room.removed").await;
    let log = rest.get(&format!("/v1/rooms/{room}/events?limit=1"), &ada.token).await.expect(200);
    seen.insert("room.created".to_owned(), log["items"][0].clone());
    server.clock.forward(Duration::from_secs(245));
    collect(&mut seen, &mut hers, "session.expiring").await;
    server.clock.forward(Duration::from_secs(70));
    collect(&mut seen, &mut hers, "goodbye").await;

    let shown = examples("server");
    let frames: BTreeSet<&str> = shown.keys().copied().filter(|name| !name.starts_with("reply:")).collect();
    let expected: BTreeSet<&str> = frames.into_iter().filter(|name| !NOT_YET.contains(name)).collect();
    seen.remove("reply");
    assert_eq!(seen.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "frames and examples differ");
    for (name, frame) in &seen {
        check_shape(name, frame, &shown[name.as_str()]);
    }
}

#[tokio::test]
async fn every_example_of_a_rest_call_is_taken_and_answered_as_shown() {
    let server = Server::start(&[]).await;
    let (rest, shown) = (&server.rest, examples("rest"));
    let mut tried = BTreeSet::new();
    let mut check = |name: &'static str, found: &Value| {
        check_shape(name, found, &shown[name]);
        tried.insert(name);
    };
    let signed_up = rest.post("/v1/auth/signup", "", shown["SignUpRequest"].clone()).await.expect(201);
    check("SignUpAnswer", &signed_up);
    let signed_in = rest.post("/v1/auth/signin", "", shown["SignInRequest"].clone()).await.expect(200);
    check("SignInAnswer", &signed_in);
    let token = signed_in["access_token"].as_str().unwrap();
    let changed = rest.call(Method::PATCH, "/v1/users/me", token, shown["UpdateProfile"].clone()).await.expect(200);
    check_shape("OwnUser", &changed, &shown["SignInAnswer"]["user"]);
    let made = rest.post("/v1/rooms", token, shown["CreateRoom"].clone()).await.expect(201);
    check("RoomBody", &made);
    let room = made["room"]["id"].as_str().unwrap();
    let posted = rest.post(&format!("/v1/rooms/{room}/messages"), token, shown["PostMessage"].clone()).await;
    check("Posted", &posted.expect(201));
    rest.join(&rest.person("bob").await, room).await;
    check("MyRoom", &rest.get("/v1/users/me/rooms", token).await.expect(200)["items"][0]);
    check("EventsPage", &rest.get(&format!("/v1/rooms/{room}/events?after_seq=3"), token).await.expect(200));
    let mut live = Live::connect(rest.addr(), token).await.unwrap();
    assert_eq!(live.ask("start", json!({})).await["ok"], true);
    assert_eq!(live.ask("presence.set", json!({"status": "online"})).await["ok"], true);
    let present = rest.get("/v1/presence", token).await.expect(200);
    assert_eq!(present["users"][0]["user"]["id"], signed_in["user"]["id"], "{present}");
    check("PresenceList", &present);
    let wrong = json!({"username": "x2_", "email": "nobody", "password": Uuid::new_v4()});
    check("Problem", &rest.post("/v1/auth/signup", "", wrong).await.problem(422, "validation-failed"));
    check("Meta", &rest.get("/v1/meta", "").await.expect(200));
    let requests = ["SignUpRequest", "SignInRequest", "UpdateProfile", "CreateRoom", "PostMessage"];
    tried.extend(requests);
    assert_eq!(shown.keys().copied().collect::<BTreeSet<_>>(), tried, "an example that is not tried");
}
