//! Coming and going while sockets start: nobody who has left hears anything (I25), nobody who is in is forgotten.

use serde_json::{Value, json};

use crate::server::Server;

#[tokio::test]
async fn whoever_leaves_while_a_socket_starts_hears_nothing_and_whoever_stays_hears_all() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    for round in 0..30 {
        let stays = round % 2 == 0;
        let coming_and_going = async {
            for _ in 0..3 {
                server.rest.join(&bob, &room).await;
                server.rest.post(&format!("/v1/rooms/{room}/leave"), &bob.token, Value::Null).await.expect(204);
            }
            if stays {
                server.rest.join(&bob, &room).await;
            }
        };
        let starting = async {
            let mut live = server.rest.live(&bob, json!({})).await;
            live.event("ready").await;
            live
        };
        let ((), mut live) = tokio::join!(coming_and_going, starting);
        // What the socket has to be told of the room has been on its way before this is answered; a round trip through
        // the log of another room comes after it.
        let global = live.rooms.iter().find(|entry| entry["room"]["name"] == "global").unwrap()["room"]["id"].clone();
        let seq = server.rest.say(&ada, &room, "for members").await;
        server.rest.say(&ada, global.as_str().unwrap(), "for all").await;
        let mut heard = Vec::new();
        // Of two rooms, either may be heard first.
        while !heard.contains(&global) || (stays && !heard.contains(&json!(room))) {
            let event = live.any_event().await;
            if event["type"] == "message.created" {
                heard.push(event["room_id"].clone());
            }
            // A room that was added after the message has it in its head.
            if event["type"] == "room.added" && event["data"]["head_seq"].as_u64() >= Some(seq) {
                heard.push(json!(room));
            }
        }
        if !stays {
            assert!(!heard.contains(&json!(room)), "round {round}: a message reached somebody who had left");
        } else {
            server.rest.post(&format!("/v1/rooms/{room}/leave"), &bob.token, Value::Null).await.expect(204);
        }
        live.close().await;
    }
}
