//! What passes between processes and may be lost.

use std::sync::Arc;

use bus::{Bus, Channel, Message, Nats, NatsBus, NatsSettings};
use testkit::{NatsServer, until};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use uuid::Uuid;

/// One process: its bus, and what it has heard on the topic `news`.
struct Node {
    bus: NatsBus,
    nats: Nats,
    heard: UnboundedReceiver<String>,
}

fn settings(url: &str, prefix: &str) -> NatsSettings {
    NatsSettings { url: Some(url.to_owned()), prefix: prefix.to_owned(), ..NatsSettings::default() }
}

fn some_prefix() -> String {
    format!("t{}", Uuid::new_v4().simple())
}

async fn node(url: &str, prefix: &str) -> Node {
    node_with(url, prefix, NatsBus::start).await
}

async fn node_with(url: &str, prefix: &str, start: impl FnOnce(Nats) -> NatsBus) -> Node {
    let nats = Nats::connect(settings(url, prefix), "test").await.unwrap();
    let bus = start(nats.clone());
    let (tell, heard) = unbounded_channel();
    let hear = move |batch: &[Message]| {
        for message in batch {
            tell.send(String::from_utf8(message.payload.to_vec()).unwrap()).unwrap();
        }
    };
    bus.subscribe("news", Box::new(hear));
    let node = Node { bus, nats, heard };
    node.connected().await;
    node
}

impl Node {
    async fn connected(&self) {
        until("the node is connected", async || self.nats.is_connected().then_some(())).await;
        self.bus.settled().await;
    }

    async fn listen(&self, channel: Channel) {
        self.bus.listen(channel);
        self.bus.settled().await;
    }

    fn say(&self, channel: Channel, text: &str) {
        self.bus.publish("news", &[Message { channel, payload: text.to_owned().into() }]);
    }

    /// What is heard next.
    async fn next(&mut self) -> String {
        tokio::time::timeout(testkit::PATIENCE, self.heard.recv()).await.expect("something is heard").unwrap()
    }

    async fn hears(&mut self, text: &str) {
        assert_eq!(self.next().await, text);
    }
}

fn room() -> Channel {
    Channel::Of { kind: "room", id: Uuid::new_v4() }
}

#[tokio::test]
async fn a_node_hears_the_channels_that_it_listens_to_in_order_and_no_others() {
    let (url, prefix) = (NatsServer::shared().await.url(), some_prefix());
    let (speaker, mut listener) = (node(&url, &prefix).await, node(&url, &prefix).await);
    let (followed, other) = (room(), room());
    listener.listen(followed).await;
    for n in 0..500 {
        speaker.say(other, "of another room");
        speaker.say(followed, &n.to_string());
    }
    speaker.say(Channel::Everyone, "to all");
    let mut numbers = Vec::new();
    let mut to_all = 0;
    while numbers.len() < 500 || to_all == 0 {
        match listener.next().await.as_str() {
            "to all" => to_all += 1,
            number => numbers.push(number.parse::<u32>().unwrap()),
        }
    }
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_node_hears_itself_once() {
    let (url, prefix) = (NatsServer::shared().await.url(), some_prefix());
    let (mut one, mut other) = (node(&url, &prefix).await, node(&url, &prefix).await);
    let followed = room();
    one.listen(followed).await;
    other.listen(followed).await;
    one.say(followed, "first");
    other.hears("first").await;
    other.say(followed, "second");
    one.hears("first").await;
    // An echo of the first would stand before this.
    one.hears("second").await;
}

#[tokio::test]
async fn other_nodes_hear_when_those_here_have_had_it_or_nobody_here_cares() {
    let (url, prefix) = (NatsServer::shared().await.url(), some_prefix());
    let mut one = node_with(&url, &prefix, |nats| NatsBus::with_patience(nats, testkit::PATIENCE * 2)).await;
    let mut other = node(&url, &prefix).await;
    let (followed, of_others) = (room(), room());
    one.listen(followed).await;
    other.listen(followed).await;
    other.listen(of_others).await;
    for round in ["first", "second"] {
        one.say(followed, round);
        one.hears(round).await;
        // Were it on its way, it would be there before the answers to both.
        one.bus.settled().await;
        one.listen(room()).await;
        other.listen(room()).await;
        assert!(other.heard.try_recv().is_err(), "{round}: it waits for those here");
        one.bus.delivered();
        other.hears(round).await;
    }
    one.say(of_others, "not for us");
    other.hears("not for us").await;
    one.say(Channel::Everyone, "to all");
    other.hears("to all").await;
}

#[tokio::test]
async fn a_channel_that_is_ignored_is_heard_no_more_and_can_be_listened_to_again() {
    let (url, prefix) = (NatsServer::shared().await.url(), some_prefix());
    let (speaker, mut listener) = (node(&url, &prefix).await, node(&url, &prefix).await);
    let followed = room();
    for round in ["one", "two", "three"] {
        listener.listen(followed).await;
        speaker.say(followed, round);
        until("it is heard", async || (listener.next().await == round).then_some(())).await;
        listener.bus.ignore(followed);
        // Whether NATS has heard of it shows in that what is said now does not come, and what is said to all does.
        until("the channel is silent", async || {
            while listener.heard.try_recv().is_ok() {}
            speaker.say(followed, "unheard");
            speaker.say(Channel::Everyone, "to all");
            (listener.next().await == "to all").then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn installations_with_prefixes_of_their_own_do_not_hear_each_other() {
    let url = NatsServer::shared().await.url();
    let prefix = some_prefix();
    let (stranger, speaker) = (node(&url, &some_prefix()).await, node(&url, &prefix).await);
    let mut listener = node(&url, &prefix).await;
    stranger.say(Channel::Everyone, "from a stranger");
    speaker.say(Channel::Everyone, "from a friend");
    listener.hears("from a friend").await;
}

#[tokio::test]
async fn a_dead_nats_blocks_nobody_is_told_as_trouble_and_is_found_again() {
    let server = NatsServer::start().await;
    let (url, prefix) = (server.url(), some_prefix());
    let (speaker, mut listener) = (node(&url, &prefix).await, node(&url, &prefix).await);
    let (tell, mut troubles) = unbounded_channel();
    listener.bus.on_trouble(Box::new(move || tell.send(()).unwrap()));
    let followed = room();
    listener.listen(followed).await;
    server.kill().await;
    troubles.recv().await.expect("the loss is told");
    until("the loss is noticed", async || (!speaker.nats.is_connected()).then_some(())).await;
    // Far more than any queue holds: publishing drops, and does not wait.
    for _ in 0..100_000 {
        speaker.say(followed, "while NATS is away");
    }
    let during = room();
    listener.bus.listen(during);
    listener.bus.settled().await;
    until("what is lost is counted", async || (speaker.bus.lost() >= 100_000 - 16_384).then_some(())).await;
    server.restart().await;
    troubles.recv().await.expect("the return is told: something was missed");
    for channel in [followed, during] {
        until("it is heard again", async || {
            speaker.say(channel, "again");
            listener.heard.try_recv().ok().filter(|heard| heard == "again")
        })
        .await;
    }
}

#[tokio::test]
async fn a_node_starts_while_nats_is_away() {
    let server = NatsServer::start().await;
    server.kill().await;
    let nats = Nats::connect(settings(&server.url(), &some_prefix()), "test").await.unwrap();
    let bus: Arc<dyn Bus> = Arc::new(NatsBus::start(nats.clone()));
    bus.listen(room());
    bus.settled().await;
    bus.publish("news", &[Message { channel: Channel::Everyone, payload: "unheard".into() }]);
    server.restart().await;
    until("the node connects", async || nats.is_connected().then_some(())).await;
}
