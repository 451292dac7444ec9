//! One's own rooms and a room's members, page by page.

use std::time::Duration;

use chat_entity::{Profile, Role};
use chat_usecase::port::{Access, Creation, Entry, Join, MemberOf, MyRoom, RoomPage};
use kernel::RoomId;

use crate::samples::{
    append, at, create, creation, entry, granted, join, join_of, leave, person, private_room, public_room, standing,
};
use crate::stores::Stores;

crate::suite!(
    ones_rooms_are_listed_with_the_latest_event_first
    pages_of_any_size_cover_ones_rooms_once
    who_is_in_no_room_has_an_empty_list
    the_latest_message_of_each_room_is_shown
    members_are_listed_in_the_order_in_which_they_joined
    only_members_see_who_is_in_a_room
);

const KINDS: [chat_entity::RoomKind; 2] = [chat_entity::RoomKind::Public, chat_entity::RoomKind::Private];

async fn all_mine(stores: &Stores, user: &Profile, limit: u32) -> Vec<MyRoom> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = stores.rooms.mine(user.id, after, limit).await.unwrap();
        assert!(page.items.len() <= limit as usize && (page.next.is_none() || page.items.len() == limit as usize));
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

async fn all_members(stores: &Stores, reader: &Profile, room: RoomId, limit: u32) -> Vec<MemberOf> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page: RoomPage<MemberOf> = granted(stores.rooms.members(reader.id, room, after, limit).await.unwrap());
        assert!(page.items.len() <= limit as usize && (page.next.is_none() || page.items.len() == limit as usize));
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

pub(crate) async fn ones_rooms_are_listed_with_the_latest_event_first(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let mut rooms = Vec::new();
    for (n, name) in ["one", "two", "three"].into_iter().enumerate() {
        let made_at = at(10 + n as u64);
        rooms.push(create(&stores, Creation { at: made_at, ..creation(&ada, name, KINDS[0]) }).await.id);
    }
    public_room(&stores, &bob, "of-bob-alone").await;
    let order = async || -> Vec<usize> {
        let mine = stores.rooms.mine(ada.id, None, 50).await.unwrap();
        assert_eq!(mine.next, None);
        let standings: Vec<_> = mine.items.into_iter().map(|room| room.standing).collect();
        assert_eq!(stores.rooms.standings(ada.id).await.unwrap().rooms, standings, "both lists are the same");
        let position = |id| rooms.iter().position(|room| *room == id).unwrap();
        standings.iter().map(|standing| position(standing.room.id)).collect()
    };
    assert_eq!(order().await, [2, 1, 0]);
    append(&stores, Entry { at: at(20), ..entry(&ada, rooms[0], "x") }).await;
    assert_eq!(order().await, [0, 2, 1]);
    stores.rooms.join(Join { at: at(21), ..join_of(&bob, rooms[1]) }).await.unwrap();
    assert_eq!(order().await, [1, 0, 2]);
    stores.rooms.leave(bob.id, rooms[1], at(22)).await.unwrap();
    leave(&stores, &ada, rooms[0]).await;
    assert_eq!(order().await, [1, 2]);
}

pub(crate) async fn pages_of_any_size_cover_ones_rooms_once(stores: Stores) {
    let ada = person(&stores, "ada").await;
    // Three at each moment: only something beside the time can tell them apart.
    for n in 0..21 {
        create(&stores, Creation { at: at(n / 3), ..creation(&ada, &format!("room{n}"), KINDS[0]) }).await;
    }
    let whole = all_mine(&stores, &ada, 200).await;
    let mut ids: Vec<RoomId> = whole.iter().map(|room| room.standing.room.id).collect();
    for limit in [1, 2, 7, 20, 21] {
        assert_eq!(all_mine(&stores, &ada, limit).await, whole, "{limit} at a time");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 21);
    assert!(whole.is_sorted_by_key(|room| std::cmp::Reverse(room.standing.room.created_at)));
}

pub(crate) async fn who_is_in_no_room_has_an_empty_list(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &bob, "den").await;
    assert_eq!(stores.rooms.mine(ada.id, None, 1).await.unwrap(), RoomPage { items: Vec::new(), next: None });
    assert_eq!(stores.rooms.standings(ada.id).await.unwrap().rooms, []);
    assert_eq!(stores.rooms.standing(ada.id, room).await.unwrap(), None);
}

pub(crate) async fn the_latest_message_of_each_room_is_shown(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let den = private_room(&stores, &ada, "den").await;
    let attic = public_room(&stores, &ada, "attic").await;
    append(&stores, entry(&ada, attic, "first")).await;
    let second = append(&stores, entry(&ada, attic, "second")).await;
    join(&stores, &bob, attic).await;
    let mine = all_mine(&stores, &ada, 50).await;
    for (room, last_message) in [(den, None), (attic, Some(second))] {
        let shown = mine.iter().find(|mine| mine.standing.room.id == room).unwrap();
        assert_eq!(shown.last_message, last_message);
        assert_eq!(shown.standing, standing(&stores, &ada, room).await);
    }
}

pub(crate) async fn members_are_listed_in_the_order_in_which_they_joined(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = create(&stores, Creation { at: at(0), ..creation(&ada, "den", KINDS[0]) }).await.id;
    let mut expected = vec![("ada".to_owned(), Role::Owner, at(0))];
    for n in 0..12_u64 {
        let user = person(&stores, &format!("user{n:02}")).await;
        // Three at each moment.
        let joined_at = at(0).plus(Duration::from_millis(1 + n / 3));
        stores.rooms.join(Join { at: joined_at, ..join_of(&user, room) }).await.unwrap();
        expected.push((user.username, Role::Member, joined_at));
    }
    let whole = all_members(&stores, &ada, room, 200).await;
    let shown: Vec<_> = whole
        .iter()
        .map(|member| (member.profile.username.clone(), member.membership.role, member.membership.joined_at))
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(whole[0].profile, ada);
    for limit in [1, 2, 12, 13] {
        assert_eq!(all_members(&stores, &ada, room, limit).await, whole, "{limit} at a time");
    }
}

pub(crate) async fn only_members_see_who_is_in_a_room(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let (public, private) = (public_room(&stores, &ada, "den").await, private_room(&stores, &ada, "secret").await);
    let members = async |room| stores.rooms.members(bob.id, room, None, 50).await.unwrap();
    assert_eq!(members(public).await, Access::NotAMember);
    assert_eq!(members(private).await, Access::NoSuchRoom);
    assert_eq!(members(RoomId::new()).await, Access::NoSuchRoom);
    join(&stores, &bob, public).await;
    assert_eq!(granted(members(public).await).items.len(), 2);
    leave(&stores, &bob, public).await;
    assert_eq!(members(public).await, Access::NotAMember);
}
