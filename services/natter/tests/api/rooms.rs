//! Rooms by REST: making and finding them, coming and going, and what others see of it.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Person, Rest};

use crate::server::Server;

/// No default rooms, so that a test counts its own only.
const ALONE: &[(&str, &str)] = &[("CHAT_DEFAULT_ROOMS", "")];

async fn create(rest: &Rest, owner: &Person, name: &str, kind: &str) -> Answer {
    rest.post("/v1/rooms", &owner.token, json!({"name": name, "kind": kind})).await
}

fn id_of(made: Answer) -> String {
    made.expect(201)["room"]["id"].as_str().unwrap().to_owned()
}

/// The ids on all pages of a list.
async fn walk(rest: &Rest, person: &Person, path: &str, limit: usize, id: &str) -> Vec<Value> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = rest.get(&format!("{path}?limit={limit}{cursor}"), &person.token).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        ids.extend(items.iter().map(|item| item.pointer(id).unwrap().clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn a_room_is_made_and_found_as_it_was_asked_for() {
    let server = Server::start(ALONE).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let asked = json!({
        "name": "Dev.room_1-ä", "kind": "public", "title": "Development", "topic": "Two\nlines",
        "metadata": {"n": [1, {"deep": null}]},
    });
    let made = server.rest.post("/v1/rooms", &ada.token, asked.clone()).await.expect(201);
    let room = &made["room"];
    for field in ["name", "kind", "title", "topic", "metadata"] {
        assert_eq!(room[field], asked[field], "{field}");
    }
    assert_eq!(
        (&room["created_by"], &room["archived_at"], &room["member_count"], &room["head_seq"]),
        (&json!(ada.id), &Value::Null, &json!(1), &json!(2))
    );
    let path = format!("/v1/rooms/{}", room["id"].as_str().unwrap());
    let hers = server.rest.get(&path, &ada.token).await.expect(200);
    assert_eq!(&hers["room"], room);
    assert_eq!((&hers["membership"]["role"], &hers["membership"]["read_seq"]), (&json!("owner"), &json!(2)));
    let his = server.rest.get(&path, &bob.token).await.expect(200);
    assert_eq!((&his["room"], &his["membership"]), (room, &Value::Null));
    for query in ["name=Dev.room_1-%C3%A4", "query=dev.", "query=DEVEL", "query=dev.room_1-%C3%84", ""] {
        let found = server.rest.get(&format!("/v1/rooms?{query}"), &bob.token).await.expect(200);
        assert_eq!(found, json!({"items": [room], "next_cursor": null}), "{query}");
    }
    for query in ["name=dev.room_1-%C3%A4", "query=room", "query=%25", "name="] {
        let found = server.rest.get(&format!("/v1/rooms?{query}"), &bob.token).await.expect(200);
        assert_eq!(found["items"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn an_idempotency_key_makes_one_room_for_a_day() {
    let server = Server::start(ALONE).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let post = async |person: &Person, key: &str, body: &str| {
        let request = server.rest.request(Method::POST, "/v1/rooms").bearer_auth(&person.token);
        let request = request.header("idempotency-key", key).header("content-type", "application/json");
        server.rest.send(request.body(body.to_owned())).await
    };
    let body = r#"{"name": "den", "kind": "private", "title": null}"#;
    let first = id_of(post(&ada, "key", body).await);
    for same in [body, r#"{"kind":"private","name":"den"}"#] {
        assert_eq!(id_of(post(&ada, "key", same).await), first);
    }
    post(&ada, "key", r#"{"name": "den", "kind": "public"}"#).await.problem(422, "validation-failed");
    assert_ne!(id_of(post(&ada, "Key", body).await), first);
    assert_ne!(id_of(post(&bob, "key", body).await), first);
    post(&ada, "", body).await.problem(400, "invalid-request");
    post(&ada, &"k".repeat(256), body).await.problem(400, "invalid-request");
    post(&ada, "schlüssel", body).await.problem(400, "invalid-request");
    assert_eq!(walk(&server.rest, &ada, "/v1/users/me/rooms", 50, "/room/id").await.len(), 2);
    server.clock.forward(std::time::Duration::from_secs(86_400));
    let ada = server.rest.sign_in(&ada.username, &ada.password).await;
    let second = id_of(post(&ada, "key", body).await);
    assert_ne!(second, first);
    assert_eq!(id_of(post(&ada, "key", body).await), second);
}

#[tokio::test]
async fn a_public_name_is_taken_once_and_private_rooms_share_theirs() {
    let server = Server::start(ALONE).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    create(&server.rest, &ada, "den", "public").await.expect(201);
    create(&server.rest, &bob, "den", "public").await.problem(409, "room-name-taken");
    create(&server.rest, &bob, "Den", "public").await.expect(201);
    for _ in 0..2 {
        create(&server.rest, &bob, "den", "private").await.expect(201);
    }
}

#[tokio::test]
async fn who_joins_twice_is_in_once_and_who_leaves_twice_is_told() {
    let server = Server::start(ALONE).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    let act = async |action: &str| server.rest.post(&format!("/v1/rooms/{room}/{action}"), &bob.token, json!({})).await;
    let joined = act("join").await.expect(200);
    assert_eq!((&joined["head_seq"], &joined["room"]["member_count"]), (&json!(3), &json!(2)));
    assert_eq!(act("join").await.expect(200), joined);
    let left = act("leave").await;
    assert_eq!((left.status, left.text.as_str()), (204, ""));
    act("leave").await.problem(403, "not-a-member");
    let log = server.rest.get(&format!("/v1/rooms/{room}/events"), &ada.token).await.expect(200);
    let kinds: Vec<_> = log["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["room.created", "member.joined", "member.joined", "member.left"]);
}

#[tokio::test]
async fn who_is_in_too_many_rooms_makes_and_joins_none() {
    let server = Server::start(&[("CHAT_DEFAULT_ROOMS", ""), ("CHAT_MAX_ROOMS_PER_USER", "2")]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let rooms = [server.rest.room(&ada).await, server.rest.room(&ada).await];
    let of_bob = server.rest.room(&bob).await;
    create(&server.rest, &ada, "third", "public").await.problem(409, "conflict");
    let join = format!("/v1/rooms/{of_bob}/join");
    server.rest.post(&join, &ada.token, Value::Null).await.problem(409, "conflict");
    server.rest.post(&format!("/v1/rooms/{}/leave", rooms[0]), &ada.token, Value::Null).await.expect(204);
    server.rest.post(&join, &ada.token, Value::Null).await.expect(200);
}

#[tokio::test]
async fn lists_come_in_pages_that_cover_everything_once() {
    let server = Server::start(ALONE).await;
    let ada = server.rest.person("ada").await;
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(json!(server.rest.room(&ada).await));
    }
    let first = rooms[0].as_str().unwrap().to_owned();
    let mut people = vec![json!(ada.id)];
    for name in ["bob", "eve", "dan"] {
        let person = server.rest.person(name).await;
        server.rest.join(&person, &first).await;
        people.push(json!(person.id));
    }
    // The first room has the latest event and the most members.
    for limit in [1, 2, 5, 200] {
        let mine = walk(&server.rest, &ada, "/v1/users/me/rooms", limit, "/room/id").await;
        assert_eq!(mine[0], rooms[0]);
        let mut directory = walk(&server.rest, &ada, "/v1/rooms", limit, "/id").await;
        assert_eq!(directory[0], rooms[0]);
        directory.sort_by_key(Value::to_string);
        for list in [directory, mine] {
            assert_eq!(list.len(), 5, "{limit} at a time");
            assert!(rooms.iter().all(|room| list.contains(room)), "{limit} at a time");
        }
        let members = walk(&server.rest, &ada, &format!("/v1/rooms/{first}/members"), limit, "/user/id").await;
        assert_eq!(members, people, "{limit} at a time");
    }
}

#[tokio::test]
async fn coming_and_going_by_rest_is_seen_on_the_sockets_of_others_and_on_ones_own() {
    let server = Server::start(ALONE).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    let mut hers = server.rest.live(&ada, json!({})).await;
    let mut his = server.rest.live(&bob, json!({})).await;
    server.rest.join(&bob, &room).await;
    let joined = hers.event("member.joined").await;
    assert_eq!((&joined["seq"], &joined["data"]["user"]["id"]), (&json!(3), &json!(bob.id)));
    let added = his.event("room.added").await;
    assert_eq!((&added["data"]["room"]["id"], &added["data"]["from_seq"]), (&json!(room), &json!(4)));
    server.rest.say(&ada, &room, "welcome").await;
    assert_eq!(his.event("message.created").await["seq"], 4);
    server.rest.post(&format!("/v1/rooms/{room}/leave"), &bob.token, Value::Null).await.expect(204);
    let left = hers.event("member.left").await;
    assert_eq!((&left["seq"], &left["data"]["user"]["id"]), (&json!(5), &json!(bob.id)));
    assert_eq!(his.event("room.removed").await["room_id"], room);
    assert_eq!(his.say(&room, "anybody?").await["error"]["code"], "not-a-member");
}

#[tokio::test]
async fn a_users_first_call_whichever_it_is_finds_them_in_the_default_rooms() {
    let server = Server::start(&[("CHAT_DEFAULT_ROOMS", "global,help,global")]).await;
    let ada = server.rest.person("ada").await;
    let found = server.rest.get("/v1/rooms?name=global", &ada.token).await.expect(200);
    let global = format!("/v1/rooms/{}", found["items"][0]["id"].as_str().unwrap());
    let said = json!({"body": "hello", "client_msg_id": uuid::Uuid::new_v4()});
    for (method, path, body) in [
        (Method::GET, "", Value::Null),
        (Method::GET, "/members", Value::Null),
        (Method::GET, "/messages", Value::Null),
        (Method::GET, "/events", Value::Null),
        (Method::PUT, "/read", json!({"seq": 1})),
        (Method::POST, "/messages", said),
        (Method::POST, "/join", Value::Null),
        (Method::POST, "/leave", Value::Null),
    ] {
        let newcomer = server.rest.person("new").await;
        let answer = server.rest.call(method.clone(), &format!("{global}{path}"), &newcomer.token, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text);
        let rooms = walk(&server.rest, &newcomer, "/v1/users/me/rooms", 50, "/room/name").await;
        assert_eq!(rooms.len(), if path == "/leave" { 1 } else { 2 }, "{method} {path}: {rooms:?}");
    }
}
