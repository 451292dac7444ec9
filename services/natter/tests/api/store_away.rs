//! The store does not answer: whoever writes is told so for sure, sockets stay, and all goes on when it is back.

use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::Server;

#[tokio::test]
async fn a_locked_store_refuses_definitely_keeps_the_sockets_and_recovers() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    assert_eq!(live.say(&room, "before").await["data"]["seq"], 3);

    let locker = Connection::open(server.data_dir().join("chat.db")).unwrap();
    locker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let message = json!({"room_id": room, "body": "meanwhile", "client_msg_id": Uuid::new_v4()});
    let refused = live.ask("message.send", message.clone()).await;
    assert_eq!(refused["error"]["code"], "storage-unavailable", "{refused}");
    assert!(refused["error"]["retry_after_ms"].as_u64().unwrap() > 0);
    assert!(refused["error"]["definite"].is_null(), "it is known that nothing happened");
    let history = server.rest.get(&format!("/v1/rooms/{room}/messages"), &ada.token).await.expect(200);
    assert_eq!(history["items"].as_array().unwrap().len(), 1, "reading does not go on");
    locker.execute_batch("ROLLBACK").unwrap();

    let sent = live.ask("message.send", message).await;
    assert_eq!((&sent["ok"], &sent["data"]["seq"]), (&json!(true), &json!(4)), "the refusal left a hole");
    assert_eq!(live.event("message.created").await["data"]["body"], "before");
    assert_eq!(live.event("message.created").await["data"]["body"], "meanwhile");
    let ready = server.rest.get("/readyz", "").await;
    assert_eq!((ready.status, ready.json), (200, json!({"status": "ready"})));
    assert_eq!(server.rest.post("/v1/auth/signout", &ada.token, Value::Null).await.status, 204);
}
