//! Coming into rooms: once, with one event, and only where one may.

use chat_entity::{Membership, Role, Seq};
use chat_usecase::port::{Join, Joined};
use kernel::RoomId;
use tokio::task::JoinSet;

use crate::samples::{
    at, join, join_of, kinds, leave, person, private_room, profile, public_room, say, standing, unread,
};
use crate::stores::Stores;

crate::suite!(
    who_joins_is_a_member_with_everything_read
    joining_again_changes_nothing
    of_twenty_racing_joins_of_one_user_one_is_new
    twenty_people_who_join_at_once_are_all_counted
    a_private_room_lets_nobody_in_and_is_not_even_there
    a_closed_room_lets_nobody_in
    who_is_in_as_many_rooms_as_allowed_joins_none
    racing_joins_do_not_go_over_the_number_of_rooms
    a_stranger_joins_no_room
);

pub(crate) async fn who_joins_is_a_member_with_everything_read(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    say(&stores, &ada, room, "before").await;
    let joined = join(&stores, &bob, room).await;
    assert_eq!((joined.member_count, joined.head_seq.get()), (2, 4));
    let membership = Membership { role: Role::Member, joined_at: at(2), read_seq: Seq::new(4) };
    assert_eq!(stores.rooms.find(bob.id, room).await.unwrap(), Some((joined, Some(membership))));
    assert_eq!(unread(&stores, &bob, room).await, (0, 0));
    assert_eq!(unread(&stores, &ada, room).await, (0, 0), "somebody's coming is no message");
    let log = stores.checked_log(room).await;
    assert_eq!(kinds(&log), ["created", "joined ada", "ada: before", "joined bob"]);
    assert_eq!((log[3].actor, log[3].at), (Some(bob.id), at(2)));
}

pub(crate) async fn joining_again_changes_nothing(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    say(&stores, &ada, room, "hello").await;
    let before = standing(&stores, &bob, room).await;
    let again = Join { at: at(9), ..join_of(&bob, room) };
    assert_eq!(stores.rooms.join(again).await.unwrap(), Joined::Already(Box::new(before.room.clone())));
    let full = Join { max_rooms: 1, ..again };
    assert_eq!(stores.rooms.join(full).await.unwrap(), Joined::Already(Box::new(before.room.clone())));
    assert_eq!(standing(&stores, &bob, room).await, before);
    assert_eq!(stores.checked_log(room).await.len(), 4);
}

pub(crate) async fn of_twenty_racing_joins_of_one_user_one_is_new(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let (rooms, join) = (stores.rooms.clone(), join_of(&bob, room));
        racers.spawn(async move { rooms.join(join).await.unwrap() });
    }
    let (new, rest): (Vec<_>, Vec<_>) =
        racers.join_all().await.into_iter().partition(|joined| matches!(joined, Joined::New(_)));
    assert_eq!(new.len(), 1);
    assert!(rest.iter().all(|joined| matches!(joined, Joined::Already(room) if room.member_count == 2)), "{rest:?}");
    assert_eq!(kinds(&stores.checked_log(room).await), ["created", "joined ada", "joined bob"]);
}

pub(crate) async fn twenty_people_who_join_at_once_are_all_counted(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let user = person(&stores, &format!("user{n}")).await;
        let (rooms, join) = (stores.rooms.clone(), join_of(&user, room));
        racers.spawn(async move { rooms.join(join).await.unwrap() });
    }
    assert!(racers.join_all().await.iter().all(|joined| matches!(joined, Joined::New(_))));
    let room_now = standing(&stores, &ada, room).await.room;
    assert_eq!((room_now.member_count, room_now.head_seq.get()), (21, 22));
    stores.checked_log(room).await;
}

pub(crate) async fn a_private_room_lets_nobody_in_and_is_not_even_there(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let private = private_room(&stores, &ada, "secret").await;
    for room in [private, RoomId::new()] {
        assert_eq!(stores.rooms.join(join_of(&bob, room)).await.unwrap(), Joined::NoSuchRoom);
        assert_eq!(stores.rooms.find(bob.id, room).await.unwrap(), None);
        assert_eq!(stores.rooms.standing(bob.id, room).await.unwrap(), None);
    }
    assert!(matches!(stores.rooms.join(join_of(&ada, private)).await.unwrap(), Joined::Already(_)));
    assert_eq!(stores.checked_log(private).await.len(), 2);
    assert_eq!(standing(&stores, &ada, private).await.room.member_count, 1);
}

pub(crate) async fn a_closed_room_lets_nobody_in(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    stores.archive(room).await;
    assert_eq!(stores.rooms.join(join_of(&bob, room)).await.unwrap(), Joined::Archived);
    assert!(matches!(stores.rooms.join(join_of(&ada, room)).await.unwrap(), Joined::Already(_)));
    assert_eq!(stores.checked_log(room).await.len(), 2);
}

pub(crate) async fn who_is_in_as_many_rooms_as_allowed_joins_none(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let mut rooms = Vec::new();
    for name in ["one", "two", "three"] {
        rooms.push(public_room(&stores, &ada, name).await);
    }
    let at_most_two = |room| Join { max_rooms: 2, ..join_of(&bob, room) };
    for room in &rooms[..2] {
        assert!(matches!(stores.rooms.join(at_most_two(*room)).await.unwrap(), Joined::New(_)));
    }
    assert_eq!(stores.rooms.join(at_most_two(rooms[2])).await.unwrap(), Joined::TooManyRooms);
    assert_eq!(stores.checked_log(rooms[2]).await.len(), 2);
    leave(&stores, &bob, rooms[0]).await;
    assert!(matches!(stores.rooms.join(at_most_two(rooms[2])).await.unwrap(), Joined::New(_)));
}

pub(crate) async fn racing_joins_do_not_go_over_the_number_of_rooms(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let room = public_room(&stores, &ada, &format!("room{n}")).await;
        let (rooms, join) = (stores.rooms.clone(), Join { max_rooms: 5, ..join_of(&bob, room) });
        racers.spawn(async move { rooms.join(join).await.unwrap() });
    }
    let new = racers.join_all().await.into_iter().filter(|joined| matches!(joined, Joined::New(_))).count();
    assert_eq!((new, stores.rooms.standings(bob.id).await.unwrap().rooms.len()), (5, 5));
}

pub(crate) async fn a_stranger_joins_no_room(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    assert!(stores.rooms.join(join_of(&profile("stranger"), room)).await.is_err());
    assert_eq!(kinds(&stores.checked_log(room).await), ["created", "joined ada"]);
    assert_eq!(say(&stores, &ada, room, "next").await.get(), 3);
}
