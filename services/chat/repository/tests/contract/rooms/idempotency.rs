//! Making a room again with the same key: the same room for a day, and never two.

use chat_entity::RoomKind;
use chat_usecase::port::{Created, Creation, IdempotencyKey};
use kernel::{RoomId, Timestamp};
use tokio::task::JoinSet;

use crate::samples::{at, creation, join, person, profile, say};
use crate::stores::Stores;

crate::suite!(
    the_same_key_and_body_give_the_same_room_as_it_is_now
    the_same_key_with_another_body_is_refused_and_nothing_changes
    a_key_belongs_to_its_user
    after_a_day_a_key_makes_another_room
    a_refused_creation_uses_up_no_key
    of_twenty_racing_repeats_one_makes_the_room
);

fn keyed(mut creation: Creation, key: &str, body: u8) -> Creation {
    creation.idempotency = Some(IdempotencyKey { key: key.to_owned(), fingerprint: [body; 32] });
    creation
}

/// The same request once more, at another time; a server gives it a new id.
fn again(creation: &Creation, at: Timestamp) -> Creation {
    Creation { id: RoomId::new(), at, ..creation.clone() }
}

async fn made(stores: &Stores, creation: &Creation) -> RoomId {
    match stores.rooms.create(creation.clone()).await.unwrap() {
        Created::New(room) if room.id == creation.id => room.id,
        other => panic!("it was not made: {other:?}"),
    }
}

pub(crate) async fn the_same_key_and_body_give_the_same_room_as_it_is_now(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let longest = "~".repeat(255);
    let asked = keyed(creation(&ada, "den", RoomKind::Public), &longest, 1);
    let room = made(&stores, &asked).await;
    join(&stores, &bob, room).await;
    say(&stores, &bob, room, "hello").await;
    for later in [1, 86_399] {
        let full = Creation { max_rooms: 1, ..again(&asked, at(later)) };
        let Created::Repeated(repeated) = stores.rooms.create(full).await.unwrap() else { panic!("not repeated") };
        assert_eq!((repeated.id, repeated.member_count, repeated.head_seq.get()), (room, 2, 4));
    }
    assert_eq!(stores.checked_log(room).await.len(), 4);
    assert_eq!(stores.rooms.standings(ada.id).await.unwrap().rooms.len(), 1);
}

pub(crate) async fn the_same_key_with_another_body_is_refused_and_nothing_changes(stores: Stores) {
    let ada = person(&stores, "ada").await;
    made(&stores, &keyed(creation(&ada, "den", RoomKind::Public), "key", 1)).await;
    let other = keyed(creation(&ada, "attic", RoomKind::Public), "key", 2);
    assert_eq!(stores.rooms.create(other.clone()).await.unwrap(), Created::KeyReused);
    super::check_absent(&stores, &other).await;
    made(&stores, &keyed(other, "another key", 2)).await;
}

pub(crate) async fn a_key_belongs_to_its_user(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let hers = made(&stores, &keyed(creation(&ada, "den", RoomKind::Private), "key", 1)).await;
    let his = made(&stores, &keyed(creation(&bob, "den", RoomKind::Private), "key", 1)).await;
    assert_ne!(hers, his);
}

pub(crate) async fn after_a_day_a_key_makes_another_room(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let asked = keyed(creation(&ada, "den", RoomKind::Private), "key", 1);
    let first = made(&stores, &asked).await;
    let day_later = asked.at.plus(std::time::Duration::from_secs(86_400));
    let just_before = Timestamp::from_millis(day_later.as_millis() - 1);
    let Created::Repeated(room) = stores.rooms.create(again(&asked, just_before)).await.unwrap() else { panic!() };
    assert_eq!(room.id, first);
    let second = made(&stores, &again(&asked, day_later)).await;
    let Created::Repeated(room) = stores.rooms.create(again(&asked, day_later)).await.unwrap() else { panic!() };
    assert_eq!((room.id, first != second), (second, true), "the key is now that of the second room");
    let other_body = keyed(again(&asked, day_later), "key", 2);
    assert_eq!(stores.rooms.create(other_body).await.unwrap(), Created::KeyReused);
}

pub(crate) async fn a_refused_creation_uses_up_no_key(stores: Stores) {
    let (ada, stranger) = (person(&stores, "ada").await, profile("stranger"));
    made(&stores, &creation(&ada, "den", RoomKind::Public)).await;
    let taken = keyed(creation(&ada, "den", RoomKind::Public), "key", 1);
    assert_eq!(stores.rooms.create(taken).await.unwrap(), Created::NameTaken);
    let too_many = Creation { max_rooms: 1, ..keyed(creation(&ada, "attic", RoomKind::Public), "key", 2) };
    assert_eq!(stores.rooms.create(too_many).await.unwrap(), Created::TooManyRooms);
    assert!(stores.rooms.create(keyed(creation(&stranger, "x", RoomKind::Public), "key", 3)).await.is_err());
    made(&stores, &keyed(creation(&ada, "cellar", RoomKind::Public), "key", 4)).await;
}

pub(crate) async fn of_twenty_racing_repeats_one_makes_the_room(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let asked = keyed(creation(&ada, "den", RoomKind::Private), "key", 1);
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let (rooms, again) = (stores.rooms.clone(), again(&asked, asked.at));
        racers.spawn(async move { rooms.create(again).await.unwrap() });
    }
    let (mut new, mut repeated) = (Vec::new(), Vec::new());
    for outcome in racers.join_all().await {
        match outcome {
            Created::New(room) => new.push(room),
            Created::Repeated(room) => repeated.push(room),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((new.len(), repeated.len()), (1, 19));
    assert!(repeated.iter().all(|room| *room == new[0]));
    assert_eq!(stores.rooms.standings(ada.id).await.unwrap().rooms.len(), 1);
}
