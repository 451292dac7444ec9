//! Signing out bites on every node: no request after the answer, no socket a moment later (I16).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Live, Person};

use crate::server::Server;

const SESSIONS: usize = 60;
/// How soon the sockets of all but one in a hundred are closed.
const SOON: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn ended_sessions_get_nothing_more_and_their_sockets_are_closed_within_a_second() {
    let server = Server::start(&[]).await;
    let rest = &server.rest;
    let ada = rest.person("ada").await;
    let open = async |_| {
        let person = rest.sign_in(&ada.username, &ada.password).await;
        let live = rest.live(&person, json!({})).await;
        (person, live)
    };
    let mut sessions: Vec<(Person, Live)> = Vec::new();
    for some in (0..SESSIONS).collect::<Vec<_>>().chunks(8) {
        sessions.extend(join_all(some.iter().map(open)).await);
    }
    // Every node believes every session by now.
    let (ended, kept) = sessions.into_iter().enumerate().partition::<Vec<_>, _>(|(number, _)| number % 3 != 0);
    let end = async |(_, (person, live)): (usize, (Person, Live))| {
        rest.post("/v1/auth/signout", &person.token, Value::Null).await.expect(204);
        let answered = Instant::now();
        let refused = async {
            for path in ["/v1/users/me", "/v1/users/me/rooms", "/v1/rooms", "/v1/users/me/rooms"] {
                rest.get(path, &person.token).await.problem(401, "session-revoked");
            }
        };
        let closed = async {
            assert_eq!(live.closed().await.code, 4501);
            answered.elapsed()
        };
        tokio::join!(refused, closed).1
    };
    let mut took = join_all(ended.into_iter().map(end)).await;
    took.sort_unstable();
    assert!(took[took.len() - 1 - took.len() / 100] <= SOON, "{took:?}");
    for (_, (person, mut live)) in kept {
        assert_eq!(live.ask("ping", json!({})).await["ok"], true, "somebody else's socket was closed");
        rest.get("/v1/users/me/rooms", &person.token).await.expect(200);
    }
}
