//! A server that is killed and comes back.

use natter_client::contract::events::LogContent;
use natter_client::{NewMessage, SendState, Status, Update};

use crate::person::{Listener, assert_told_from_the_log, hasty, room_of, whole_log};
use crate::server::{Server, somebody};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_the_server_is_killed_arrives_once_and_in_order() {
    let server = Server::start(&[]).await;
    let (ada, bob) = (somebody(server.addr(), "ada").await, somebody(server.addr(), "bob").await);
    let room = room_of(&[&ada, &bob]).await;
    let mut listener = Listener::ready(&bob, hasty()).await;
    let speaker = Listener::ready(&ada, hasty()).await;
    let mut sendings = Vec::new();
    for number in 0..30 {
        sendings.push(speaker.live.send(NewMessage::new(room, format!("before {number}"))).await.unwrap());
    }
    let killed = server.kill().await;
    for number in 0..30 {
        sendings.push(speaker.live.send(NewMessage::new(room, format!("during {number}"))).await.unwrap());
    }
    listener.until("the loss", |update| matches!(update, Update::Status(Status::Waiting { .. }))).await;
    let _server = killed.start().await;
    let mut places = Vec::new();
    for sending in sendings {
        places.push(sending.outcome().await.unwrap().seq);
    }
    assert!(places.is_sorted(), "{places:?}");
    listener.until_body(room, "during 29").await;
    let log = whole_log(&ada, room).await;
    let messages = log.iter().filter(|event| matches!(event.content, Some(LogContent::MessageCreated(_))));
    assert_eq!(messages.count(), 60);
    assert_told_from_the_log(&listener.events(room), &log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_tells_how_it_stands() {
    let server = Server::start(&[]).await;
    let ada = somebody(server.addr(), "ada").await;
    let room = room_of(&[&ada]).await;
    let mut listener = Listener::ready(&ada, hasty()).await;
    let message = NewMessage::new(room, "hello");
    let id = message.client_msg_id;
    listener.live.send(message).await.unwrap();
    let is_done = |update: &Update| matches!(update, Update::Sending { state: SendState::Acknowledged(_), .. });
    listener.until("the acknowledgement", is_done).await;
    let states = listener.seen.iter().filter_map(|update| match update {
        Update::Sending { client_msg_id, state, .. } if *client_msg_id == id => Some(state),
        _ => None,
    });
    let states: Vec<_> = states.collect();
    assert!(matches!(states[..], [SendState::Waiting, SendState::Sent, SendState::Acknowledged(_)]), "{states:?}");
    // What is refused for good says so, and what comes after it is not held up.
    let refused = listener.live.send(NewMessage::new(room, "   ")).await.unwrap();
    let after = listener.live.send(NewMessage::new(room, "after")).await.unwrap();
    assert_eq!(refused.outcome().await.unwrap_err().code(), "validation-failed");
    let too_long = listener.live.send(NewMessage::new(room, "x".repeat(200_000))).await.unwrap();
    assert!(too_long.outcome().await.unwrap_err().to_string().contains("too long"));
    assert!(after.outcome().await.unwrap().seq > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_slows_messages_down_and_does_not_change_their_order() {
    let server =
        Server::start(&[("LIMITS_ENABLED", "true"), ("CHAT_MESSAGES_PER_SECOND", "20"), ("CHAT_MESSAGES_BURST", "5")]);
    let server = server.await;
    let ada = somebody(server.addr(), "ada").await;
    let room = room_of(&[&ada]).await;
    let mut listener = Listener::ready(&ada, hasty()).await;
    for number in 0..40 {
        listener.live.send(NewMessage::new(room, number.to_string())).await.unwrap();
    }
    listener.until_body(room, "39").await;
    let wanted: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    assert_eq!(listener.bodies(room), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_the_updates_and_abandons_what_waits() {
    let server = Server::start(&[]).await;
    let ada = somebody(server.addr(), "ada").await;
    let room = room_of(&[&ada]).await;
    let mut listener = Listener::ready(&ada, hasty()).await;
    let _killed = server.kill().await;
    listener.until("the loss", |update| matches!(update, Update::Status(Status::Waiting { .. }))).await;
    let sending = listener.live.send(NewMessage::new(room, "too late")).await.unwrap();
    let request = listener.live.mark_read(room, 1).await;
    assert!(matches!(request, Err(natter_client::Error::Unreachable(_))), "{request:?}");
    listener.live.close().await;
    assert!(matches!(sending.outcome().await, Err(natter_client::Error::Closed)));
    while listener.updates.next().await.is_some() {}
    assert!(listener.live.send(NewMessage::new(room, "later still")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_go_of_both_halves_closes_the_connection() {
    let server = Server::start(&[("CHAT_PRESENCE_GRACE_MS", "100")]).await;
    let (ada, bob) = (somebody(server.addr(), "ada").await, somebody(server.addr(), "bob").await);
    let room = room_of(&[&ada, &bob]).await;
    let watcher = Listener::ready(&bob, hasty()).await;
    let names = async || {
        let here = watcher.live.presence(Some(room)).await.unwrap();
        here.into_iter().map(|somebody| somebody.user.username).collect::<Vec<_>>()
    };
    let Listener { live, updates, .. } = Listener::ready(&ada, hasty()).await;
    testkit::until("both are here", async || (names().await.len() == 2).then_some(())).await;
    // One half alone keeps it open: whoever only sends does not listen.
    drop(updates);
    live.send(NewMessage::new(room, "still here")).await.unwrap().outcome().await.unwrap();
    drop(live);
    testkit::until("ada is gone", async || (names().await == [bob.username()]).then_some(())).await;
}
