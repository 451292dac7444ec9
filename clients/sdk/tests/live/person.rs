//! Somebody who talks and listens through the library, and remembers everything.

use std::time::Duration;

use natter_client::contract::chat::{CreateRoom, RoomKind};
use natter_client::contract::events::LogContent;
use natter_client::{Client, Event, Live, LiveOptions, RoomId, Status, Update, Updates};
use tokio::time::timeout;
use uuid::Uuid;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Short waits, so that tests are quick.
pub(crate) fn hasty() -> LiveOptions {
    LiveOptions {
        shortest_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(400),
        reply_within: Duration::from_secs(3),
        ..LiveOptions::default()
    }
}

/// A new public room, which these people are in.
pub(crate) async fn room_of(people: &[&Client]) -> RoomId {
    let name = format!("room_{}", &Uuid::new_v4().simple().to_string()[..12]);
    let room = CreateRoom { name, kind: RoomKind::Public, title: None, topic: None, metadata: None };
    let room = people[0].create_room(&room).await.unwrap();
    for person in &people[1..] {
        person.join(room.id).await.unwrap();
    }
    room.id
}

/// A connection, and what has come through it.
pub(crate) struct Listener {
    pub(crate) live: Live,
    pub(crate) updates: Updates,
    /// All that was told, in order.
    pub(crate) seen: Vec<Update>,
}

impl Listener {
    pub(crate) fn new(client: &Client, options: LiveOptions) -> Self {
        let (live, updates) = client.live(options);
        Self { live, updates, seen: Vec::new() }
    }

    /// A listener that has caught up.
    pub(crate) async fn ready(client: &Client, options: LiveOptions) -> Self {
        let mut listener = Self::new(client, options);
        listener.until_ready().await;
        listener
    }

    pub(crate) async fn until_ready(&mut self) {
        self.until("ready", |update| matches!(update, Update::Status(Status::Ready))).await;
    }

    /// Listens until something is told.
    pub(crate) async fn until(&mut self, what: &str, is_it: impl Fn(&Update) -> bool) -> Update {
        let listening = async {
            loop {
                let update = self.updates.next().await.expect("the connection goes on");
                self.seen.push(update.clone());
                if is_it(&update) {
                    return update;
                }
            }
        };
        let heard = timeout(PATIENCE, listening).await;
        heard.unwrap_or_else(|_| {
            panic!("{what} never came; the last of {} updates: {:?}", self.seen.len(), self.seen.last())
        })
    }

    /// Listens until a message with this body is told.
    pub(crate) async fn until_body(&mut self, room: RoomId, body: &str) -> Event {
        let is_it = |update: &Update| matches!(update, Update::Event(event) if event.room_id == room && body_of(event) == Some(body));
        match self.until(body, is_it).await {
            Update::Event(event) => event,
            _ => unreachable!("it was looked for"),
        }
    }

    /// The events of a room that were told.
    pub(crate) fn events(&self, room: RoomId) -> Vec<Event> {
        let event = |update: &Update| match update {
            Update::Event(event) if event.room_id == room => Some(event.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(event).collect()
    }

    /// The bodies of a room's messages that were told.
    pub(crate) fn bodies(&self, room: RoomId) -> Vec<String> {
        self.events(room).iter().filter_map(|event| body_of(event).map(str::to_owned)).collect()
    }
}

pub(crate) fn body_of(event: &Event) -> Option<&str> {
    match &event.content {
        Some(LogContent::MessageCreated(message)) => Some(&message.body),
        _ => None,
    }
}

/// A room's whole log by REST.
pub(crate) async fn whole_log(client: &Client, room: RoomId) -> Vec<Event> {
    let mut log: Vec<Event> = Vec::new();
    loop {
        let page = client.events(room, log.len() as u64, 200).await.unwrap();
        if page.items.is_empty() {
            return log;
        }
        log.extend(page.items);
    }
}

/// Checks that these are the log's last events, each once, in order, as they are in the log.
pub(crate) fn assert_told_from_the_log(told: &[Event], log: &[Event]) {
    let first = usize::try_from(told.first().expect("something was told").seq).unwrap();
    let places: Vec<u64> = told.iter().map(|event| event.seq).collect();
    let wanted: Vec<u64> = (first as u64..=log.len() as u64).collect();
    assert_eq!(places, wanted, "each event once and in order");
    let value = |event: &Event| serde_json::from_str::<serde_json::Value>(event.json()).unwrap();
    for (told, written) in told.iter().zip(&log[first - 1..]) {
        assert_eq!(value(told), value(written), "what was told is what is in the log");
    }
}
