//! Tokens that end, sessions that are shared, and sessions that are over.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kernel::{Clock, SystemClock};
use natter_client::{Ended, Error, NewMessage, SessionFile, Status, Update};
use serde_json::json;
use tokio::time::timeout;

use crate::person::{Listener, hasty, room_of};
use crate::server::{PASSWORD, Server, TurnedServer, remote, somebody};
use crate::slow_line::SlowLine;
use crate::tampered::Proxy;

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_outlives_its_token_without_being_lost() {
    let server = TurnedServer::start().await;
    let ada = somebody(server.addr, "ada").await;
    let room = room_of(&[&ada]).await;
    let mut listener = Listener::ready(&ada, hasty()).await;
    for minutes in 0..4 {
        let before = ada.saved().await.access_token;
        // Of five minutes: less than one is left, and the server says so.
        server.clock.forward(Duration::from_secs(245));
        testkit::until("another token", async || (ada.saved().await.access_token != before).then_some(())).await;
        let body = format!("still here after {minutes} tokens");
        listener.live.send(NewMessage::new(room, &body)).await.unwrap();
        listener.until_body(room, &body).await;
    }
    let lost = listener.seen.iter().any(|update| matches!(update, Update::Status(Status::Waiting { .. })));
    assert!(!lost, "the socket was renewed, not made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_end_was_slept_through_is_replaced_and_the_connection_made_again() {
    let server = TurnedServer::start().await;
    let ada = somebody(server.addr, "ada").await;
    let room = room_of(&[&ada]).await;
    let mut listener = Listener::ready(&ada, hasty()).await;
    for night in 0..3 {
        server.clock.forward(Duration::from_secs(3_600));
        listener.until("a new connection", |update| matches!(update, Update::Status(Status::Connecting))).await;
        let body = format!("good morning after {night} nights");
        listener.live.send(NewMessage::new(room, &body)).await.unwrap();
        listener.until_body(room, &body).await;
    }
    let waits = listener.seen.iter().any(|update| matches!(update, Update::Status(Status::Waiting { .. })));
    assert!(!waits, "another token is all that it takes, every time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_is_refused_for_now_is_asked_for_again_and_the_socket_stays() {
    let server = TurnedServer::start().await;
    let ada = somebody(server.addr, "ada").await;
    let room = room_of(&[&ada]).await;
    let proxy = Proxy::answering(server.addr, |request, before| {
        let error = json!({"title": "Away", "status": 503, "code": "auth-unavailable", "retry_after_ms": 50});
        (request["type"] == "session.renew" && before < 2)
            .then(|| json!({"reply_to": request["id"], "ok": false, "error": error}))
    });
    let proxy = proxy.await;
    let mut listener = Listener::ready(&proxy.client(&ada).await, hasty()).await;
    server.clock.forward(Duration::from_secs(245));
    testkit::until("three renewals", async || (proxy.asked("session.renew").len() >= 3).then_some(())).await;
    // The old token has ended by now.
    server.clock.forward(Duration::from_secs(100));
    listener.live.send(NewMessage::new(room, "still here")).await.unwrap();
    listener.until_body(room, "still here").await;
    let renewals = proxy.asked("session.renew");
    assert_eq!(renewals[0]["data"], renewals[2]["data"], "one new token was enough");
    let lost = listener.seen.iter().any(|update| matches!(update, Update::Status(Status::Waiting { .. })));
    assert!(!lost, "the socket was renewed, not made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_nobody_waits_for_any_more_is_not_lost() {
    let server = TurnedServer::start().await;
    let good = somebody(server.addr, "ada").await;
    let line = SlowLine::before(server.addr).await;
    let ada = line.client_until(&good, SystemClock.now()).await;
    line.is_slow.store(true, Ordering::SeqCst);
    let given_up = timeout(SlowLine::PAUSE / 2, ada.my_rooms()).await;
    assert!(given_up.is_err(), "it takes longer than that");
    line.is_slow.store(false, Ordering::SeqCst);
    // The server has made other tokens, and takes the old one for a minute.
    testkit::until("the refresh", async || {
        (ada.saved().await.refresh_token != good.saved().await.refresh_token).then_some(())
    })
    .await;
    server.clock.forward(Duration::from_secs(360));
    ada.my_rooms().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_good_still_is_used_while_there_is_no_other() {
    let server = Server::start(&[]).await;
    let good = somebody(server.addr(), "ada").await;
    let line = SlowLine::before(server.addr()).await;
    // After two thirds of that it is to be replaced.
    let ada = line.client_until(&good, SystemClock.now().plus(Duration::from_secs(9))).await;
    line.refuses_refreshes.store(true, Ordering::SeqCst);
    testkit::until("a refresh that is refused", async || {
        ada.my_rooms().await.unwrap();
        line.has_refused.load(Ordering::SeqCst).then_some(())
    })
    .await;
    line.refuses_refreshes.store(false, Ordering::SeqCst);
    ada.my_rooms().await.unwrap();
    assert_ne!(ada.saved().await.access_token, good.saved().await.access_token);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_is_over_also_when_the_reason_arrives_too_late_to_be_read() {
    let server = Server::start(&[]).await;
    let good = somebody(server.addr(), "ada").await;
    let line = SlowLine::before(server.addr()).await;
    let ada = line.client(&good).await;
    good.sign_out().await.unwrap();
    line.is_slow.store(true, Ordering::SeqCst);
    let mut listener = Listener::new(&ada, hasty());
    let is_over = |update: &Update| matches!(update, Update::Status(Status::Ended(Ended::SessionEnded(_))));
    listener.until("the end", is_over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_share_a_file_share_the_session_and_never_end_it() {
    let server = TurnedServer::start().await;
    let home = tempfile::tempdir().unwrap();
    let file = SessionFile::new(home.path().join("session.json"));
    let username = somebody(server.addr, "ada").await.username().to_owned();
    let remote = remote(server.addr);
    let one = remote.sign_in_and_keep(&username, PASSWORD, "shared", file.clone()).await.unwrap();
    let other = remote.resume(file.clone()).unwrap().unwrap();
    assert_eq!(one.session_id(), other.session_id());
    let mut refreshed = file.read().unwrap().unwrap().refresh_token;
    // What one of them remembers was replaced by the other minutes ago: to use it would end the session.
    for client in [&one, &other, &one, &other] {
        server.clock.forward(Duration::from_secs(360));
        client.my_rooms().await.unwrap();
        let now = file.read().unwrap().unwrap().refresh_token;
        assert_ne!(std::mem::replace(&mut refreshed, now.clone()), now);
    }
    server.clock.forward(Duration::from_secs(360));
    let (first, second) = tokio::join!(one.my_rooms(), other.my_rooms());
    assert!(first.is_ok() && second.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_connection_for_good_and_removes_the_file() {
    let server = Server::start(&[]).await;
    let home = tempfile::tempdir().unwrap();
    let file = SessionFile::new(home.path().join("session.json"));
    let username = somebody(server.addr(), "ada").await.username().to_owned();
    let remote = remote(server.addr());
    let ada = remote.sign_in_and_keep(&username, PASSWORD, "tests", file.clone()).await.unwrap();
    let mut listener = Listener::ready(&ada, hasty()).await;
    ada.sign_out().await.unwrap();
    assert_eq!(file.read().unwrap(), None);
    let is_over = |update: &Update| matches!(update, Update::Status(Status::Ended(Ended::SessionEnded(_))));
    listener.until("the end", is_over).await;
    assert!(listener.updates.next().await.is_none());
    assert!(matches!(ada.my_rooms().await, Err(Error::SessionEnded(_))));
    // Again is fine.
    ada.sign_out().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_names_that_are_taken_and_servers_that_are_away_are_told_apart() {
    let server = Server::start(&[]).await;
    let ada = somebody(server.addr(), "ada").await;
    let remote = remote(server.addr());
    let wrong = remote.sign_in(ada.username(), "not this one", "tests").await.err().unwrap();
    assert_eq!(wrong.code(), "invalid-credentials");
    let taken = remote.sign_up(ada.username(), "other@example.org", PASSWORD).await.err().unwrap();
    assert_eq!(taken.code(), "username-taken");
    assert!(remote.info().await.unwrap().limits.max_body_chars > 0);
    let addr = server.addr();
    let _killed = server.kill().await;
    let away = crate::server::remote(addr).info().await.err().unwrap();
    assert!(matches!(&away, Error::Unreachable(why) if why.contains(&addr.to_string())), "{away}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_written_ends_no_session() {
    use std::os::unix::fs::PermissionsExt;
    let server = TurnedServer::start().await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("sessions");
    let file = SessionFile::new(folder.join("session.json"));
    let username = somebody(server.addr, "ada").await.username().to_owned();
    let remote = remote(server.addr);
    let ada = remote.sign_in_and_keep(&username, PASSWORD, "tests", file.clone()).await.unwrap();
    // Nothing can be made in a folder that is none; taking rights away would not hold root back.
    let aside = home.path().join("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    server.clock.forward(Duration::from_secs(360));
    let refused = ada.my_rooms().await.unwrap_err();
    assert!(matches!(refused, Error::File { .. }), "{refused}");
    // No token was used up for that: when the file can be written again, everything goes on.
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    for _ in 0..2 {
        server.clock.forward(Duration::from_secs(360));
        ada.my_rooms().await.unwrap();
    }
    let mode = std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // And whoever signs in where nothing can be kept is told before there is a session.
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    let refused = remote.sign_in_and_keep(&username, PASSWORD, "tests", file).await.err().unwrap();
    assert!(matches!(refused, Error::File { .. }), "{refused}");
}
