//! What a store of people must do: meeting each once, and bringing newcomers into the default rooms.

use chat_entity::{Profile, Role};
use chat_usecase::port::Welcomed;
use kernel::{RoomId, UserId};
use tokio::task::JoinSet;

use crate::samples::{at, kinds, leave, name, person, profile, public_room, standing};
use crate::stores::Stores;

crate::suite!(
    a_newcomer_is_known_and_in_the_default_rooms
    who_is_known_is_left_alone
    of_twenty_racing_welcomes_one_is_new
    who_has_left_a_default_room_is_not_brought_back
    a_default_room_that_is_not_there_or_is_closed_is_passed_over
    a_default_room_that_is_named_twice_is_entered_once
    values_at_the_extremes_come_back_as_they_were
);

async fn default_room(stores: &Stores, room_name: &str) -> RoomId {
    stores.rooms.ensure_default(RoomId::new(), name(room_name), at(0)).await.unwrap();
    let found = stores.rooms.directory(None, Some(room_name.to_owned()), None, 1).await.unwrap();
    found.items[0].id
}

async fn welcome(stores: &Stores, profile: &Profile, rooms: &[&str]) -> Welcomed {
    stores.people.welcome(profile.clone(), rooms.iter().map(|room| name(room)).collect(), at(5)).await.unwrap()
}

pub(crate) async fn a_newcomer_is_known_and_in_the_default_rooms(stores: Stores) {
    let (global, help) = (default_room(&stores, "global").await, default_room(&stores, "help").await);
    let ada = profile("ada");
    assert_eq!(stores.people.find(ada.id).await.unwrap(), None);
    assert_eq!(welcome(&stores, &ada, &["global", "help"]).await, Welcomed::New);
    assert_eq!(stores.people.find(ada.id).await.unwrap(), Some(ada.clone()));
    for room in [global, help] {
        let hers = standing(&stores, &ada, room).await;
        assert_eq!((hers.role, hers.read_seq.get(), hers.room.member_count), (Role::Member, 2, 1));
        assert_eq!(kinds(&stores.checked_log(room).await), ["created", "joined ada"]);
    }
    assert_eq!(stores.people.find(UserId::new()).await.unwrap(), None);
}

pub(crate) async fn who_is_known_is_left_alone(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let global = default_room(&stores, "global").await;
    let renamed = Profile { username: "ada2".to_owned(), ..ada.clone() };
    assert_eq!(welcome(&stores, &renamed, &["global"]).await, Welcomed::Known);
    assert_eq!(stores.people.find(ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(stores.rooms.standings(ada.id).await.unwrap(), []);
    assert_eq!(stores.checked_log(global).await.len(), 1);
}

pub(crate) async fn of_twenty_racing_welcomes_one_is_new(stores: Stores) {
    let global = default_room(&stores, "global").await;
    let ada = profile("ada");
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let (people, ada) = (stores.people.clone(), ada.clone());
        racers.spawn(async move { people.welcome(ada, vec![name("global")], at(1)).await.unwrap() });
    }
    let new = racers.join_all().await.into_iter().filter(|welcomed| *welcomed == Welcomed::New).count();
    assert_eq!(new, 1);
    assert_eq!(kinds(&stores.checked_log(global).await), ["created", "joined ada"]);
    assert_eq!(standing(&stores, &ada, global).await.room.member_count, 1);
}

pub(crate) async fn who_has_left_a_default_room_is_not_brought_back(stores: Stores) {
    let global = default_room(&stores, "global").await;
    let ada = profile("ada");
    welcome(&stores, &ada, &["global"]).await;
    leave(&stores, &ada, global).await;
    assert_eq!(welcome(&stores, &ada, &["global"]).await, Welcomed::Known);
    assert_eq!(stores.rooms.standing(ada.id, global).await.unwrap(), None);
    assert_eq!(stores.checked_log(global).await.len(), 3);
}

pub(crate) async fn a_default_room_that_is_not_there_or_is_closed_is_passed_over(stores: Stores) {
    let owner = person(&stores, "owner").await;
    let closed = public_room(&stores, &owner, "closed").await;
    stores.archive(closed).await;
    let global = default_room(&stores, "global").await;
    let ada = profile("ada");
    assert_eq!(welcome(&stores, &ada, &["nowhere", "closed", "global"]).await, Welcomed::New);
    let rooms = stores.rooms.standings(ada.id).await.unwrap();
    assert_eq!(rooms.iter().map(|standing| standing.room.id).collect::<Vec<_>>(), [global]);
    assert_eq!(stores.checked_log(closed).await.len(), 2);
}

pub(crate) async fn a_default_room_that_is_named_twice_is_entered_once(stores: Stores) {
    let global = default_room(&stores, "global").await;
    let ada = profile("ada");
    assert_eq!(welcome(&stores, &ada, &["global", "global"]).await, Welcomed::New);
    assert_eq!(kinds(&stores.checked_log(global).await), ["created", "joined ada"]);
}

pub(crate) async fn values_at_the_extremes_come_back_as_they_were(stores: Stores) {
    let longest = Profile {
        id: UserId::from_bytes([0xff; 16]),
        username: "X".repeat(32),
        display_name: "🚀".repeat(64),
        avatar_url: Some(format!("https://example.org/{}", "a".repeat(2_000))),
    };
    let shortest = Profile {
        id: UserId::from_bytes([0; 16]),
        username: "a_.".to_owned(),
        display_name: "'".to_owned(),
        avatar_url: None,
    };
    for extreme in [longest, shortest] {
        assert_eq!(welcome(&stores, &extreme, &[]).await, Welcomed::New);
        assert_eq!(stores.people.find(extreme.id).await.unwrap(), Some(extreme));
    }
}
