//! What a store of people must do: meeting each once, and bringing newcomers into the default rooms.

use chat_entity::{Profile, Role};
use chat_usecase::port::{Welcomed, Window};
use kernel::{RoomId, UserId};
use tokio::task::JoinSet;

use crate::samples::{
    append, at, entry, granted, kinds, leave, name, naming, person, profile, public_room, say, standing,
};
use crate::stores::Stores;

crate::suite!(
    a_newcomer_is_known_and_in_the_default_rooms
    who_is_known_is_left_alone
    of_twenty_racing_welcomes_one_is_new
    who_has_left_a_default_room_is_not_brought_back
    a_default_room_that_is_not_there_or_is_closed_is_passed_over
    a_default_room_that_is_named_twice_is_entered_once
    values_at_the_extremes_come_back_as_they_were
    a_changed_profile_is_shown_everywhere_from_then_on
    of_changes_that_come_in_any_order_the_newest_stays
    a_change_of_somebody_unknown_makes_nobody_known
);

async fn default_room(stores: &Stores, room_name: &str) -> RoomId {
    stores.rooms.ensure_default(RoomId::new(), name(room_name), at(0)).await.unwrap();
    let found = stores.rooms.directory(None, Some(room_name.to_owned()), None, 1).await.unwrap();
    found.items[0].id
}

async fn welcome(stores: &Stores, profile: &Profile, rooms: &[&str]) -> Welcomed {
    stores.people.welcome(profile.clone(), 1, rooms.iter().map(|room| name(room)).collect(), at(5)).await.unwrap()
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
    assert_eq!(stores.rooms.standings(ada.id).await.unwrap().rooms, []);
    assert_eq!(stores.checked_log(global).await.len(), 1);
}

pub(crate) async fn of_twenty_racing_welcomes_one_is_new(stores: Stores) {
    let global = default_room(&stores, "global").await;
    let ada = profile("ada");
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let (people, ada) = (stores.people.clone(), ada.clone());
        racers.spawn(async move { people.welcome(ada, 1, vec![name("global")], at(1)).await.unwrap() });
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
    let rooms = stores.rooms.standings(ada.id).await.unwrap().rooms;
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
        display_name: "'\0\u{1a}0\u{1a}".to_owned(),
        avatar_url: None,
    };
    for extreme in [longest, shortest] {
        assert_eq!(welcome(&stores, &extreme, &[]).await, Welcomed::New);
        assert_eq!(stores.people.find(extreme.id).await.unwrap(), Some(extreme));
    }
}

pub(crate) async fn a_changed_profile_is_shown_everywhere_from_then_on(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let bob = person(&stores, "bob").await;
    let room = public_room(&stores, &ada, "den").await;
    stores.rooms.join(crate::samples::join_of(&bob, room)).await.unwrap();
    say(&stores, &ada, room, "before").await;
    let renamed =
        Profile { username: "Eve".to_owned(), display_name: "Eve".to_owned(), avatar_url: None, ..ada.clone() };
    assert!(stores.people.update(renamed.clone(), 2).await.unwrap());
    assert_eq!(stores.people.find(ada.id).await.unwrap(), Some(renamed.clone()));
    assert_eq!(append(&stores, entry(&ada, room, "after")).await.author, renamed);
    let history = granted(stores.log.history(bob.id, room, Window::Newest, 50).await.unwrap());
    assert!(history.items.iter().all(|message| message.author == renamed), "{history:?}");
    assert_eq!(append(&stores, naming(&bob, room, &["eve", "ada"])).await.mentions, [ada.id], "by the new name only");
    assert_eq!(stores.rooms.standings(ada.id).await.unwrap().membership_no, 1);
}

pub(crate) async fn of_changes_that_come_in_any_order_the_newest_stays(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let version = |number: u64| Profile { display_name: format!("version {number}"), ..ada.clone() };
    for (number, expected, shown) in
        [(1, false, "ADA"), (3, true, "version 3"), (2, false, "version 3"), (3, false, "version 3")]
    {
        assert_eq!(stores.people.update(version(number), number).await.unwrap(), expected, "{number}");
        assert_eq!(stores.people.find(ada.id).await.unwrap().unwrap().display_name, shown);
    }
    let mut racers = JoinSet::new();
    for number in 4..24 {
        let (people, profile) = (stores.people.clone(), version(number));
        racers.spawn(async move { people.update(profile, number).await.unwrap() });
    }
    racers.join_all().await;
    assert_eq!(stores.people.find(ada.id).await.unwrap().unwrap().display_name, "version 23");
}

pub(crate) async fn a_change_of_somebody_unknown_makes_nobody_known(stores: Stores) {
    let ada = profile("ada");
    assert!(!stores.people.update(ada.clone(), 7).await.unwrap());
    assert_eq!(stores.people.find(ada.id).await.unwrap(), None);
    assert_eq!(welcome(&stores, &ada, &[]).await, Welcomed::New);
}
