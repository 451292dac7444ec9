//! The main job, end to end.

use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn two_people_meet_in_a_room_and_talk() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (server.rest.person("ada").await, server.rest.person("bob").await);
    let room = server.rest.room(&ada).await;
    server.rest.join(&bob, &room).await;
    let mut hers = server.rest.live(&ada, json!({})).await;
    let mut his = server.rest.live(&bob, json!({})).await;
    let sent = hers.say(&room, "hello @nobody").await;
    assert_eq!(sent["ok"], true, "{sent}");
    for live in [&mut hers, &mut his] {
        let event = live.event("message.created").await;
        assert_eq!((&event["seq"], &event["room_id"]), (&sent["data"]["seq"], &json!(room)));
        assert_eq!(event["data"]["author"]["username"], ada.username);
    }
}
