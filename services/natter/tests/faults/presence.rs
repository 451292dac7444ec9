//! Who is there, when the node that knew it dies or Redis forgets it.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use testkit::{Live, PATIENCE, Person, Rest, until};
use tokio::time::timeout;

use crate::fleet::Fleet;

/// How long the users of a dead node seem to be there, and those who have left by themselves.
const LEASE: (&str, &str) = ("CHAT_PRESENCE_LEASE_MS", "4000");
const GRACE: (&str, &str) = ("CHAT_PRESENCE_GRACE_MS", "2000");

/// Two people on two nodes, in one room, who have heard of each other.
struct Two {
    ada: Person,
    bob: Person,
    hers: Live,
    his: Live,
}

impl Two {
    async fn on(hers: &Rest, his: &Rest) -> Self {
        let (ada, bob) = (hers.person("ada").await, his.person("bob").await);
        let room = hers.room(&ada).await;
        his.join(&bob, &room).await;
        let mut two = Self { his: his.live(&bob, json!({})).await, hers: hers.live(&ada, json!({})).await, ada, bob };
        assert_eq!(changed(&mut two.his, &two.ada).await, "online");
        two
    }
}

/// The next `presence.changed` about somebody.
async fn changed(live: &mut Live, person: &Person) -> String {
    // The server's pings would let a socket wait for ever.
    timeout(PATIENCE, next_changed(live, person)).await.expect("the change is told in time")
}

async fn next_changed(live: &mut Live, person: &Person) -> String {
    loop {
        let event = live.event("presence.changed").await;
        if event["data"]["user_id"] == person.id {
            return event["data"]["status"].as_str().unwrap().to_owned();
        }
    }
}

/// What comes about somebody in a while.
async fn changed_within(live: &mut Live, person: &Person, span: Duration) -> Vec<String> {
    let mut all = Vec::new();
    let _ = timeout(span, async {
        loop {
            all.push(next_changed(live, person).await);
        }
    })
    .await;
    all
}

async fn statuses(rest: &Rest, person: &Person) -> Vec<String> {
    let list = rest.get("/v1/presence", &person.token).await.expect(200);
    let users = list["users"].as_array().unwrap().iter();
    users.map(|one| format!("{} {}", one["user"]["id"], one["status"]).replace('"', "")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_killed_and_its_users_have_gone_when_their_leases_end_and_that_is_told_once() {
    let fleet = Fleet::start_with(&[LEASE, GRACE]).await;
    let each = fleet.each();
    let mut two = Two::on(&each[0], &each[1]).await;
    // The third node has somebody who is told as well, and races to tell.
    let mut third = each[2].live(&two.bob, json!({})).await;
    fleet.kill(0).await;
    let killed = Instant::now();
    assert!(statuses(&each[1], &two.bob).await.contains(&format!("{} online", two.ada.id)), "too soon");
    assert_eq!(changed(&mut two.his, &two.ada).await, "offline");
    assert!(killed.elapsed() > Duration::from_secs(1), "{:?}: her lease had been renewed", killed.elapsed());
    println!("told {:?} after the node was killed", killed.elapsed());
    assert_eq!(statuses(&each[2], &two.bob).await, [format!("{} online", two.bob.id)]);
    let again = Duration::from_secs(2);
    assert_eq!(changed_within(&mut two.his, &two.ada, again).await, [""; 0], "it was told twice");
    assert_eq!(changed_within(&mut third, &two.ada, again).await, ["offline"]);
    // She comes back on another node.
    let _hers = each[1].live(&two.ada, json!({})).await;
    assert_eq!(changed(&mut two.his, &two.ada).await, "online");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_stopped_and_nobody_who_comes_back_on_another_has_been_away() {
    // Six sockets may take six seconds to come back, which is longer than a lease and longer than the grace.
    let fleet = Fleet::start_with(&[LEASE, GRACE, ("CHAT_RECONNECTS_PER_SECOND", "1")]).await;
    let each = fleet.each();
    let mut two = Two::on(&each[0], &each[1]).await;
    let mut all = vec![two.hers];
    for _ in 0..5 {
        all.push(each[0].live(&two.ada, json!({})).await);
    }
    fleet.signal(0, Signal::TERM);
    for live in all {
        assert_eq!(live.closed().await.code, 4400);
    }
    assert_eq!(
        changed_within(&mut two.his, &two.ada, Duration::from_secs(5)).await,
        [""; 0],
        "she was said to be gone"
    );
    let hers = each[2].live(&two.ada, json!({})).await;
    assert_eq!(changed_within(&mut two.his, &two.ada, Duration::from_secs(5)).await, [""; 0]);
    hers.close().await;
    assert_eq!(changed(&mut two.his, &two.ada).await, "offline");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_emptied_and_nobody_is_told_that_anybody_came_or_went() {
    let fleet = Fleet::start_with(&[LEASE, GRACE]).await;
    let each = fleet.each();
    let mut two = Two::on(&each[0], &each[1]).await;
    // Nodes that have just been started are careful by themselves.
    assert_eq!(changed_within(&mut two.his, &two.ada, Duration::from_secs(5)).await, [""; 0]);
    fleet.redis.flush_all().await;
    let both = [&two.ada, &two.bob].map(|person| format!("{} online", person.id));
    until("the leases are renewed", async || (statuses(&each[2], &two.bob).await == both).then_some(())).await;
    assert_eq!(changed_within(&mut two.his, &two.ada, Duration::from_secs(6)).await, [""; 0]);
    two.hers.close().await;
    assert_eq!(changed(&mut two.his, &two.ada).await, "offline");
}
