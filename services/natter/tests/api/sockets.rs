//! How a socket comes to be, what may be asked over it, and how it ends.

use serde_json::{Value, json};
use testkit::{Live, RawSocket};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use uuid::Uuid;

use crate::server::Server;

/// The status of an upgrade that was refused, and the code of its problem.
fn refused(result: Result<Live, Error>) -> (u16, String) {
    match result {
        Err(Error::Http(response)) => {
            let body: Value =
                serde_json::from_slice(response.body().as_deref().unwrap_or_default()).unwrap_or_default();
            (response.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the upgrade went through"),
    }
}

async fn ticket(server: &Server, token: &str) -> String {
    let made = server.rest.post("/v1/ws/tickets", token, Value::Null).await.expect(201);
    assert_eq!(made["expires_in"], 30);
    made["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_upgrade_without_good_credentials_is_refused_before_there_is_a_socket() {
    let server = Server::start(&[]).await;
    let (addr, ada) = (server.rest.addr(), server.rest.person("ada").await);
    let protocol = || ("sec-websocket-protocol", "chat.v1".to_owned());
    assert_eq!(refused(Live::open(addr, &[protocol()]).await), (401, "token-invalid".into()));
    assert_eq!(refused(Live::connect(addr, "nonsense").await), (401, "token-invalid".into()));
    assert_eq!(refused(Live::connect(addr, &ada.refresh_token).await), (401, "token-invalid".into()));
    server.clock.forward(std::time::Duration::from_secs(331));
    assert_eq!(refused(Live::connect(addr, &ada.token).await), (401, "token-expired".into()));
}

#[tokio::test]
async fn a_ticket_works_once_for_thirty_seconds_while_its_session_lives() {
    let server = Server::start(&[]).await;
    let addr = server.rest.addr();
    let origin = format!("http://{addr}");
    let ada = server.rest.person("ada").await;
    let first = ticket(&server, &ada.token).await;
    let live = Live::with_ticket(addr, &first, &origin).await.unwrap();
    assert_eq!(live.hello["data"]["session_id"], ada.session_id);
    let again = Live::with_ticket(addr, &first, &origin).await.unwrap();
    assert_eq!(again.closed().await.code, 4500, "a ticket worked twice");

    let late = ticket(&server, &ada.token).await;
    server.clock.forward(std::time::Duration::from_secs(30));
    assert_eq!(Live::with_ticket(addr, &late, &origin).await.unwrap().closed().await.code, 4500);

    let orphan = ticket(&server, &ada.token).await;
    server.rest.post("/v1/auth/signout", &ada.token, Value::Null).await.expect(204);
    assert_eq!(Live::with_ticket(addr, &orphan, &origin).await.unwrap().closed().await.code, 4500);
    assert_eq!(Live::with_ticket(addr, "invented", &origin).await.unwrap().closed().await.code, 4500);
}

#[tokio::test]
async fn of_fifty_racing_uses_of_a_ticket_one_gets_a_socket() {
    let server = Server::start(&[]).await;
    let addr = server.rest.addr();
    let origin = format!("http://{addr}");
    let ada = server.rest.person("ada").await;
    let ticket = ticket(&server, &ada.token).await;
    let tries = (0..50).map(|_| Live::with_ticket(addr, &ticket, &origin));
    let sockets = futures_util::future::join_all(tries).await;
    let good = sockets.into_iter().filter(|socket| socket.as_ref().unwrap().hello["type"] == "hello").count();
    assert_eq!(good, 1);
}

#[tokio::test]
async fn a_page_may_connect_from_the_own_host_and_the_list_only() {
    let server = Server::start(&[("HTTP_ALLOWED_ORIGINS", "https://app.example.org")]).await;
    let (addr, ada) = (server.rest.addr(), server.rest.person("ada").await);
    let open = |origin: String| {
        let headers = [
            ("authorization", format!("Bearer {}", ada.token)),
            ("sec-websocket-protocol", "chat.v1".to_owned()),
            ("origin", origin),
        ];
        async move { Live::open(addr, &headers).await }
    };
    for good in [format!("http://{addr}"), "https://app.example.org".to_owned()] {
        assert_eq!(open(good).await.unwrap().hello["type"], "hello");
    }
    for bad in ["null", "https://evil.example", "https://app.example.org.evil.example"] {
        assert_eq!(refused(open(bad.to_owned()).await), (403, "bad-origin".into()), "{bad}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_speak_our_protocol_is_told_with_4503() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let headers = [("authorization", format!("Bearer {}", ada.token))];
    let live = Live::open(server.rest.addr(), &headers).await.unwrap();
    assert_eq!(live.closed().await.code, 4503);
}

#[tokio::test]
async fn before_start_only_ping_and_renewal_are_answered() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let mut live = server.rest.socket(&ada).await;
    assert!(live.ask("ping", json!({})).await["data"]["server_time"].is_string());
    assert_eq!(live.ask("session.renew", json!({"access_token": ada.token})).await["ok"], true);
    for early in ["message.send", "room.join", "read.mark", "typing.start"] {
        let reply = live.ask(early, json!({"room_id": Uuid::new_v4()})).await;
        assert_eq!(reply["error"]["code"], "invalid-request", "{reply}");
    }
    assert_eq!(live.ask("start", json!({})).await["ok"], true);
    assert_eq!(live.ask("start", json!({})).await["error"]["code"], "invalid-request");
}

#[tokio::test]
async fn what_is_no_request_closes_the_socket_with_4504() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    for garbage in ["", "nonsense", "[]", "{}", r#"{"id":"1"}"#, r#"{"type":"ping"}"#, r#"{"id":1,"type":"ping"}"#] {
        let mut live = server.rest.socket(&ada).await;
        live.send_raw(garbage.to_owned()).await;
        let closed = live.closed().await;
        assert_eq!(closed.code, 4504, "{garbage}");
        assert_eq!(closed.goodbye.unwrap()["data"]["resumable"], false);
    }
}

#[tokio::test]
async fn wrong_requests_get_a_problem_and_the_socket_lives_on() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let mut live = server.rest.live(&ada, json!({})).await;
    let room = live.rooms[0]["room"]["id"].clone();
    let message = |body: Value| json!({"room_id": room, "body": body, "client_msg_id": Uuid::new_v4()});
    let mut extra = message("x".into());
    extra["colour"] = "red".into();
    let elsewhere = json!({"room_id": Uuid::new_v4(), "body": "x", "client_msg_id": Uuid::new_v4()});
    for (kind, data, code) in [
        ("no.such.request", json!({}), "invalid-request"),
        ("message.send", message("".into()), "validation-failed"),
        ("message.send", message(" \n".into()), "validation-failed"),
        ("message.send", message("x".repeat(8_001).into()), "validation-failed"),
        ("message.send", message(7.into()), "validation-failed"),
        ("message.send", json!({"room_id": room}), "validation-failed"),
        ("message.send", extra, "validation-failed"),
        ("message.send", elsewhere, "not-found"),
        ("message.send", json!([]), "validation-failed"),
        ("room.create", json!({"name": "two words", "kind": "public"}), "validation-failed"),
        ("room.create", json!({"name": "global", "kind": "public"}), "room-name-taken"),
        ("room.join", json!({"room_id": "nonsense"}), "validation-failed"),
        ("room.join", json!({"room_id": Uuid::new_v4()}), "not-found"),
        ("read.mark", json!({"room_id": room, "seq": -1}), "validation-failed"),
        ("typing.start", json!({"room_id": Uuid::new_v4()}), "not-found"),
        ("session.renew", json!({"access_token": "x"}), "token-invalid"),
        ("ping", json!({"x": 1}), "validation-failed"),
    ] {
        let reply = live.ask(kind, data.clone()).await;
        assert_eq!(
            (reply["ok"].as_bool(), &reply["error"]["code"]),
            (Some(false), &json!(code)),
            "{kind} {data}: {reply}"
        );
    }
    live.send_raw(json!({"id": "x".repeat(65), "type": "ping"}).to_string()).await;
    assert_eq!(live.reply(&"x".repeat(64)).await["error"]["code"], "invalid-request");
    assert_eq!(live.say(room.as_str().unwrap(), &"🚀".repeat(8_000)).await["ok"], true);
}

#[tokio::test]
async fn frames_that_are_no_text_close_the_socket_with_the_standard_codes() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let not_utf8 = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    for (message, code) in [
        (Message::binary(b"binary".to_vec()), 1003),
        (Message::Frame(not_utf8), 1007),
        (Message::text("x".repeat(128 * 1024 + 1)), 1009),
    ] {
        let mut live = server.rest.socket(&ada).await;
        live.send_message(message).await;
        assert_eq!(live.closed().await.code, code);
    }
}

#[tokio::test]
async fn a_message_in_fragments_with_a_ping_between_them_is_one_message() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let mut raw = RawSocket::connect(server.rest.addr(), &ada.token, None).await;
    raw.frame().await.unwrap();
    raw.send(0x01, 6, br#"{"id":"#).await;
    raw.send(0x89, 2, b"hi").await;
    raw.send(0x80, 18, br#""7","type":"ping"}"#).await;
    let pong = raw.frame().await.unwrap();
    assert_eq!((pong.opcode, pong.payload), (10, b"hi".to_vec()));
    let reply: Value = serde_json::from_slice(&raw.frame().await.unwrap().payload).unwrap();
    assert_eq!((&reply["reply_to"], &reply["ok"]), (&json!("7"), &json!(true)));
}

#[tokio::test]
async fn a_frame_that_declares_a_gigabyte_is_refused_on_its_header() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let mut raw = RawSocket::connect(server.rest.addr(), &ada.token, None).await;
    raw.frame().await.unwrap();
    raw.send(0x81, 1 << 30, b"{").await;
    assert_eq!(raw.frame().await.unwrap().opcode, 1, "goodbye comes before the payload does");
    assert_eq!(raw.frame().await.unwrap().close_code(), Some(1009));
    // Whatever it streams is thrown away, until the server has had enough.
    let chunk = vec![b'x'; 1 << 16];
    while raw.write(&chunk).await.is_ok() {}
}

#[tokio::test]
async fn requests_of_one_connection_take_effect_in_the_order_in_which_they_were_sent() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    let mut ids = Vec::new();
    for n in 0..300 {
        let data = json!({"room_id": room, "body": format!("{n}"), "client_msg_id": Uuid::new_v4()});
        ids.push(live.send("message.send", data).await);
    }
    for n in 0..300 {
        let event = live.event("message.created").await;
        assert_eq!(event["data"]["body"], n.to_string());
        assert_eq!(event["seq"], n + 3, "room.created and member.joined come first");
    }
}

#[tokio::test]
async fn an_id_that_is_in_flight_cannot_be_used_again_until_it_is_answered() {
    let server = Server::start(&[]).await;
    let ada = server.rest.person("ada").await;
    let room = server.rest.room(&ada).await;
    let mut live = server.rest.live(&ada, json!({})).await;
    let request = |body: &str| {
        let data = json!({"room_id": room, "body": body, "client_msg_id": Uuid::new_v4()});
        json!({"id": "same", "type": "message.send", "data": data}).to_string()
    };
    live.send_raw(request("one")).await;
    live.send_raw(request("two")).await;
    let (first, second) = (live.reply("same").await, live.reply("same").await);
    // The second is refused while the first waits for its commit, and fine when that was faster.
    let codes = [&first, &second].map(|reply| reply["error"]["code"].as_str().unwrap_or("ok"));
    assert!(codes.contains(&"ok") && codes.iter().all(|code| ["ok", "invalid-request"].contains(code)), "{codes:?}");
    live.send_raw(request("three")).await;
    assert_eq!(live.reply("same").await["ok"], true);
}

#[tokio::test]
async fn silence_and_a_missing_start_close_the_socket_with_4408_and_pongs_keep_it() {
    let server = Server::start(&[("CHAT_HEARTBEAT_MS", "500")]).await;
    let ada = server.rest.person("ada").await;
    let mut silent = RawSocket::connect(server.rest.addr(), &ada.token, None).await;
    silent.text(r#"{"id":"1","type":"start"}"#).await;
    let mut late = RawSocket::connect(server.rest.addr(), &ada.token, None).await;
    let mut alive = server.rest.live(&ada, json!({})).await;
    assert_eq!(alive.hello["data"]["heartbeat_ms"], 500);
    let answering = async {
        // It never asks to start, and answers each ping.
        while let Some(frame) = late.frame().await {
            match frame.opcode {
                9 => late.send(0x8a, 0, b"").await,
                8 => return frame.close_code(),
                _ => {}
            }
        }
        None
    };
    let living = async {
        alive.event("ready").await;
        // Waiting for an event is what answers pings; the event comes when the silent one has gone.
        alive.event("typing.started").await;
        alive
    };
    let ending = async {
        let codes = tokio::join!(silent.close_code(), answering);
        let bob = server.rest.person("bob").await;
        let mut other = server.rest.live(&bob, json!({})).await;
        let global = other.rooms[0]["room"]["id"].clone();
        other.ask("typing.start", json!({"room_id": global})).await;
        codes
    };
    let (codes, mut alive) = tokio::join!(ending, living);
    assert_eq!(codes, (Some(4408), Some(4408)));
    assert_eq!(alive.ask("ping", json!({})).await["ok"], true);
}
