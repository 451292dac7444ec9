//! What a store of rooms must do: making them, each once, under names that are unique where they have to be.

mod directory;
mod idempotency;
mod joining;
mod leaving;
mod lists;
mod memberships;
mod neighbours;
mod read_marks;

use chat_entity::{Event, EventContent, Membership, Role, Room, RoomDetails, RoomKind, Seq};
use chat_usecase::port::{Created, Creation};
use kernel::{RoomId, Timestamp, UserId};
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use crate::samples::{at, create, creation, join, kinds, name, person, private_room, profile, public_room};
use crate::stores::Stores;

crate::suite!(
    a_new_room_has_its_owner_and_two_events
    a_taken_public_name_is_refused_and_nothing_changes
    names_differ_by_case_and_private_rooms_may_share_one
    a_closed_rooms_name_is_free_again
    of_twenty_racing_creations_of_one_public_name_one_wins
    who_is_in_as_many_rooms_as_allowed_makes_none
    a_stranger_makes_no_room
    a_default_room_is_made_once_and_by_nobody
    values_at_the_extremes_come_back_as_they_were
);

/// The ids of the rooms that somebody is in.
async fn rooms_of(stores: &Stores, user: UserId) -> Vec<RoomId> {
    stores.rooms.standings(user).await.unwrap().rooms.into_iter().map(|standing| standing.room.id).collect()
}

/// Checks that nothing of a room that was refused is there.
async fn check_absent(stores: &Stores, creation: &Creation) {
    assert_eq!(stores.rooms.find(creation.owner, creation.id).await.unwrap(), None);
    assert!(!rooms_of(stores, creation.owner).await.contains(&creation.id));
    assert_eq!(stores.checked_log(creation.id).await, []);
}

pub(crate) async fn a_new_room_has_its_owner_and_two_events(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let asked = creation(&ada, "den", RoomKind::Private);
    let made = create(&stores, asked.clone()).await;
    let expected = Room {
        id: asked.id,
        kind: RoomKind::Private,
        name: Some(name("den")),
        details: RoomDetails::default(),
        created_by: Some(ada.id),
        created_at: asked.at,
        archived_at: None,
        member_count: 1,
        head_seq: Seq::new(2),
    };
    assert_eq!(made, expected);
    let owner = Membership { role: Role::Owner, joined_at: asked.at, read_seq: Seq::new(2) };
    assert_eq!(stores.rooms.find(ada.id, made.id).await.unwrap(), Some((made.clone(), Some(owner))));
    let as_made = Room { member_count: 0, head_seq: Seq::new(1), ..made };
    let event =
        |seq, content| Event { room_id: asked.id, seq: Seq::new(seq), at: asked.at, actor: Some(ada.id), content };
    let log =
        [event(1, EventContent::RoomCreated(Box::new(as_made))), event(2, EventContent::MemberJoined(ada.clone()))];
    assert_eq!(stores.checked_log(asked.id).await, log);
}

pub(crate) async fn a_taken_public_name_is_refused_and_nothing_changes(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let den = public_room(&stores, &ada, "den").await;
    for owner in [&ada, &bob] {
        let second = creation(owner, "den", RoomKind::Public);
        assert_eq!(stores.rooms.create(second.clone()).await.unwrap(), Created::NameTaken);
        check_absent(&stores, &second).await;
    }
    let found = stores.rooms.directory(None, Some("den".to_owned()), None, 200).await.unwrap();
    assert_eq!(found.items.iter().map(|room| (room.id, room.created_by)).collect::<Vec<_>>(), [(den, Some(ada.id))]);
    assert_eq!(stores.checked_log(den).await.len(), 2);
}

pub(crate) async fn names_differ_by_case_and_private_rooms_may_share_one(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let mut ids = vec![public_room(&stores, &ada, "den").await, public_room(&stores, &bob, "Den").await];
    for owner in [&ada, &ada, &bob] {
        ids.push(private_room(&stores, owner, "den").await);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    assert_eq!(stores.rooms.create(creation(&ada, "Den", RoomKind::Public)).await.unwrap(), Created::NameTaken);
}

pub(crate) async fn a_closed_rooms_name_is_free_again(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let closed = public_room(&stores, &ada, "den").await;
    stores.archive(closed).await;
    let next = public_room(&stores, &ada, "den").await;
    let (old, _) = stores.rooms.find(ada.id, closed).await.unwrap().unwrap();
    assert!(old.archived_at.is_some() && next != closed);
}

pub(crate) async fn of_twenty_racing_creations_of_one_public_name_one_wins(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let (rooms, asked) = (stores.rooms.clone(), creation(&ada, "den", RoomKind::Public));
        racers.spawn(async move { (rooms.create(asked.clone()).await.unwrap(), asked) });
    }
    let (won, lost): (Vec<_>, Vec<_>) =
        racers.join_all().await.into_iter().partition(|(outcome, _)| matches!(outcome, Created::New(_)));
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert_eq!(rooms_of(&stores, ada.id).await, [won[0].1.id]);
    assert_eq!(kinds(&stores.checked_log(won[0].1.id).await), ["created", "joined ada"]);
    for (outcome, asked) in lost {
        assert_eq!(outcome, Created::NameTaken);
        check_absent(&stores, &asked).await;
    }
}

pub(crate) async fn who_is_in_as_many_rooms_as_allowed_makes_none(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let others = public_room(&stores, &bob, "den").await;
    join(&stores, &ada, others).await;
    let second = Creation { max_rooms: 2, ..creation(&ada, "attic", RoomKind::Public) };
    create(&stores, second).await;
    let third = Creation { max_rooms: 2, ..creation(&ada, "cellar", RoomKind::Private) };
    assert_eq!(stores.rooms.create(third.clone()).await.unwrap(), Created::TooManyRooms);
    check_absent(&stores, &third).await;
}

pub(crate) async fn a_stranger_makes_no_room(stores: Stores) {
    let asked = creation(&profile("stranger"), "den", RoomKind::Public);
    assert!(stores.rooms.create(asked.clone()).await.is_err());
    check_absent(&stores, &asked).await;
}

pub(crate) async fn a_default_room_is_made_once_and_by_nobody(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let mut racers = JoinSet::new();
    for _ in 0..10 {
        let rooms = stores.rooms.clone();
        racers.spawn(async move { rooms.ensure_default(RoomId::new(), name("global"), at(0)).await.unwrap() });
    }
    racers.join_all().await;
    let found = stores.rooms.directory(None, Some("global".to_owned()), None, 200).await.unwrap().items;
    let [room] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((room.created_by, room.kind, room.member_count), (None, RoomKind::Public, 0));
    let log = stores.checked_log(room.id).await;
    assert_eq!((log.len(), log[0].actor), (1, None));
    let told =
        stores.committed().await.into_iter().filter(
            |event| matches!(&event.content, EventContent::RoomCreated(made) if made.name == Some(name("global"))),
        );
    assert_eq!(told.count(), 1, "a room that was there is told again");
    assert_eq!(stores.rooms.create(creation(&ada, "global", RoomKind::Public)).await.unwrap(), Created::NameTaken);
}

pub(crate) async fn values_at_the_extremes_come_back_as_they_were(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let filling = "\u{1F469}\u{200D}\u{1F680}".repeat(355);
    let metadata: Map<String, Value> = [
        ("text".to_owned(), Value::from(filling)),
        ("'\"\\ \u{0}".to_owned(), serde_json::json!([null, true, -1, 1.5, u64::MAX, {"deep": {"er": []}}])),
    ]
    .into_iter()
    .collect();
    let details = RoomDetails { title: Some("🚀".repeat(200)), topic: Some("𝔘".repeat(1_000)), metadata };
    let empty = RoomDetails { title: Some(String::new()), topic: Some(String::new()), metadata: Map::new() };
    assert_eq!(details.errors(), []);
    assert!(Value::Object(details.metadata.clone()).to_string().len() > 3_900);
    for (details, room_name, kind, created_at) in
        [(details, "𠮷".repeat(64), RoomKind::Public, 0), (empty, "a".to_owned(), RoomKind::Private, i64::MAX)]
    {
        let mut asked = creation(&ada, &room_name, kind);
        asked.room.details = details.clone();
        asked.at = Timestamp::from_millis(created_at);
        let made = create(&stores, asked.clone()).await;
        assert_eq!((&made.details, &made.name, made.created_at), (&details, &Some(name(&room_name)), asked.at));
        assert_eq!(stores.rooms.find(ada.id, made.id).await.unwrap().unwrap().0, made);
        stores.checked_log(made.id).await;
    }
}
