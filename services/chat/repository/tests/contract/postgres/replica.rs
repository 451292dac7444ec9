//! A copy that may be behind: it answers only where nobody can tell, and never keeps anybody waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chat_entity::{Profile, Seq};
use chat_usecase::port::{Access, History, Window};
use database::postgres::PostgresSettings;
use kernel::RoomId;
use testkit::PostgresServer;

use crate::samples::{granted, join, leave, person, public_room, say};
use crate::stores::{Backing, PostgresDatabase, Stores, execute, postgres_stores, postgres_url};

/// A database and a copy of it that stands still.
struct Copied(PostgresSettings);

#[async_trait]
impl Backing for Copied {
    async fn open(self: Arc<Self>) -> Stores {
        postgres_stores(&self.0.clone(), self).await
    }

    async fn archive(&self, _: RoomId) {}
}

struct Scene {
    stores: Stores,
    ada: Profile,
    bob: Profile,
    room: RoomId,
}

/// A room with messages at 4 to 9, a copy in which each body is marked, and then messages at 10 to 12 that the copy lacks.
async fn scene(replica_url: impl AsyncFnOnce(&str) -> String) -> Scene {
    let url = postgres_url().await;
    let before = PostgresDatabase::at(url.clone()).open().await;
    let (ada, bob) = (person(&before, "ada").await, person(&before, "bob").await);
    let room = public_room(&before, &ada, "den").await;
    join(&before, &bob, room).await;
    for n in 4..10 {
        say(&before, &ada, room, &n.to_string()).await;
    }
    drop(before);
    let replica_url = Some(replica_url(&url).await);
    let settings = PostgresSettings { url: Some(url), replica_url, ..PostgresSettings::default() };
    let stores = Arc::new(Copied(settings)).open().await;
    for n in 10..13 {
        say(&stores, &ada, room, &n.to_string()).await;
    }
    Scene { stores, ada, bob, room }
}

async fn marked_copy(url: &str) -> String {
    let copy = PostgresServer::shared().await.create_database_from(url).await;
    execute(&copy, "UPDATE chat.events SET body = 'copy of ' || body").await;
    copy
}

impl Scene {
    async fn read(&self, window: Window, limit: u32) -> History {
        granted(self.stores.log.history(self.bob.id, self.room, window, limit).await.unwrap())
    }
}

fn bodies(history: &History) -> Vec<&str> {
    history.items.iter().map(|message| message.body.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_answers_only_what_it_has_whole() {
    let scene = scene(marked_copy).await;
    let (before, around) = (|seq| Window::Before(Seq::new(seq)), |seq| Window::Around(Seq::new(seq)));
    for (window, limit, expected) in [
        (before(7), 2, &["copy of 5", "copy of 6"][..]),
        (before(10), 2, &["copy of 8", "copy of 9"]),
        (before(4), 2, &[]),
        // It does not know what 10 is.
        (before(11), 2, &["9", "10"]),
        (before(100), 2, &["11", "12"]),
        (around(6), 4, &["copy of 4", "copy of 5", "copy of 6", "copy of 7"]),
        (around(8), 4, &["copy of 6", "copy of 7", "copy of 8", "copy of 9"]),
        // There may be more behind its last one.
        (around(9), 4, &["7", "8", "9", "10"]),
        (Window::Newest, 2, &["11", "12"]),
        (Window::After(Seq::new(4)), 2, &["5", "6"]),
    ] {
        assert_eq!(bodies(&scene.read(window, limit).await), expected, "{window:?}");
    }
    let oldest = scene.read(before(6), 200).await;
    assert_eq!((oldest.has_more_before, oldest.has_more_after), (false, true), "of the room as it is");
    let all = scene.stores.log.events_after(scene.bob.id, scene.room, Seq::ZERO, 200).await.unwrap();
    assert_eq!(granted(all).1.get(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_reads_nothing_though_the_copy_still_has_them() {
    let scene = scene(marked_copy).await;
    leave(&scene.stores, &scene.bob, scene.room).await;
    let page = scene.stores.log.history(scene.bob.id, scene.room, Window::Before(Seq::new(7)), 2).await.unwrap();
    assert_eq!(page, Access::NotAMember);
    let hers = scene.stores.log.history(scene.ada.id, scene.room, Window::Before(Seq::new(7)), 2).await.unwrap();
    assert_eq!(bodies(&granted(hers)), ["copy of 5", "copy of 6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_away_keeps_nobody_from_reading() {
    let scene = scene(async |_: &str| "postgres://nobody@127.0.0.1:1/nothing".to_owned()).await;
    for _ in 0..3 {
        assert_eq!(bodies(&scene.read(Window::Before(Seq::new(7)), 2).await), ["5", "6"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_hangs_keeps_one_reader_waiting_and_not_for_long() {
    let server = PostgresServer::start().await;
    server.pause().await;
    let url = server.url();
    let scene = scene(async |_: &str| url).await;
    let begun = Instant::now();
    for _ in 0..10 {
        assert_eq!(bodies(&scene.read(Window::Before(Seq::new(7)), 2).await), ["5", "6"]);
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    server.resume().await;
}
