//! Many callers at once, on all nodes: one of them wins, the others are told so, and nobody gets a 500.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_racing_sends_of_one_message_are_one_row_with_one_seq_in_every_answer() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let ada = rest.person("ada").await;
    let room = rest.room(&ada).await;
    let message = json!({"body": "once", "client_msg_id": Uuid::new_v4()});
    let by_socket = async |_| {
        let mut live = rest.live(&ada, json!({})).await;
        let mut asked = message.clone();
        asked["room_id"] = json!(room);
        let reply = live.ask("message.send", asked).await;
        assert_eq!(reply["ok"], true, "{reply}");
        (reply["data"]["seq"].as_u64().unwrap(), reply["data"]["deduplicated"] == false)
    };
    let by_rest = async |_| {
        let path = format!("/v1/rooms/{room}/messages");
        let answer = rest.post(&path, &ada.token, message.clone()).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        (answer.json["message"]["seq"].as_u64().unwrap(), answer.json["deduplicated"] == false)
    };
    let (sockets, rests) = tokio::join!(join_all((0..10).map(by_socket)), join_all((0..40).map(by_rest)));
    let answers: Vec<(u64, bool)> = sockets.into_iter().chain(rests).collect();
    assert_eq!(answers.iter().map(|(seq, _)| *seq).collect::<HashSet<_>>(), HashSet::from([3]));
    assert!(answers.iter().filter(|(_, is_first)| *is_first).count() <= 1, "two were told that they were first");
    let log = rest.get(&format!("/v1/rooms/{room}/events?after_seq=2"), &ada.token).await.expect(200);
    assert_eq!((log["items"].as_array().unwrap().len(), &log["head_seq"]), (1, &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_racing_sign_ups_of_one_name_one_wins() {
    let server = Server::start(&[]).await;
    let sign_up = async |n: u32| {
        let email = format!("racer{n}@example.org");
        let account = json!({"username": "racer", "email": email, "password": "correct horse battery"});
        let answer = server.rest.post("/v1/auth/signup", "", account).await;
        if answer.status == 409 {
            assert_eq!(answer.json["code"], "username-taken");
        }
        answer.status
    };
    let mut statuses = join_all((0..20).map(sign_up)).await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 19][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_racing_rooms_of_one_name_one_is_made_and_of_twenty_racing_joins_one_is_an_event() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let (ada, bob) = (rest.person("ada").await, rest.person("bob").await);
    let make = async |_| rest.post("/v1/rooms", &ada.token, json!({"name": "one", "kind": "public"})).await;
    let made = join_all((0..20).map(make)).await;
    let (won, lost): (Vec<_>, Vec<_>) = made.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.problem(409, "room-name-taken");
    }
    let room = won[0].json["room"]["id"].as_str().unwrap().to_owned();
    let join = async |_| rest.post(&format!("/v1/rooms/{room}/join"), &bob.token, Value::Null).await;
    for joined in join_all((0..20).map(join)).await {
        assert_eq!(joined.expect(200)["head_seq"], 3);
    }
    let events = rest.get(&format!("/v1/rooms/{room}/events"), &bob.token).await.expect(200);
    let kinds: Vec<&str> =
        events["items"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["room.created", "member.joined", "member.joined"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_racing_refreshes_on_all_nodes_all_get_the_one_successor() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let refresh = async |_| {
        let answer = server.rest.post("/v1/auth/refresh", "", json!({"refresh_token": ada.refresh_token})).await;
        answer.expect(200)["refresh_token"].as_str().unwrap().to_owned()
    };
    let successors: HashSet<String> = join_all((0..50).map(refresh)).await.into_iter().collect();
    assert_eq!(successors.len(), 1);
}
