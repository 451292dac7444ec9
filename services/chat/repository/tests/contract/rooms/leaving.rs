//! Going out of rooms: once, with one event, and with nothing left behind.

use chat_usecase::port::{Access, Left, Window};
use kernel::RoomId;
use tokio::task::JoinSet;

use crate::samples::{append, at, join, kinds, leave, naming, person, private_room, public_room, say, standing};
use crate::stores::Stores;

crate::suite!(
    who_leaves_is_out_and_the_log_says_so
    who_is_not_in_cannot_leave_and_nothing_changes
    of_twenty_racing_leaves_one_is_done
    who_comes_back_begins_anew
    the_last_one_leaves_an_empty_room_behind
);

pub(crate) async fn who_leaves_is_out_and_the_log_says_so(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    leave(&stores, &bob, room).await;
    let (now, membership) = stores.rooms.find(bob.id, room).await.unwrap().unwrap();
    assert_eq!((now.member_count, now.head_seq.get(), membership), (1, 4, None));
    assert_eq!(stores.rooms.standing(bob.id, room).await.unwrap(), None);
    assert_eq!(stores.rooms.mine(bob.id, None, 50).await.unwrap().items, []);
    assert_eq!(stores.log.history(bob.id, room, Window::Newest, 50).await.unwrap(), Access::NotAMember);
    let log = stores.checked_log(room).await;
    assert_eq!(kinds(&log), ["created", "joined ada", "joined bob", "left bob"]);
    assert_eq!((log[3].actor, log[3].at), (Some(bob.id), at(3)));
}

pub(crate) async fn who_is_not_in_cannot_leave_and_nothing_changes(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let public = public_room(&stores, &ada, "den").await;
    let left = public_room(&stores, &ada, "attic").await;
    let private = private_room(&stores, &ada, "secret").await;
    join(&stores, &bob, left).await;
    leave(&stores, &bob, left).await;
    for (room, refusal) in [
        (public, Left::NotAMember),
        (left, Left::NotAMember),
        (private, Left::NoSuchRoom),
        (RoomId::new(), Left::NoSuchRoom),
    ] {
        assert_eq!(stores.rooms.leave(bob.id, room, at(9)).await.unwrap(), refusal);
    }
    for (room, events) in [(public, 2), (left, 4), (private, 2)] {
        assert_eq!(stores.checked_log(room).await.len(), events);
        assert_eq!(standing(&stores, &ada, room).await.room.member_count, 1);
        assert_eq!(say(&stores, &ada, room, "next").await.get(), events as u64 + 1);
    }
}

pub(crate) async fn of_twenty_racing_leaves_one_is_done(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        let rooms = stores.rooms.clone();
        racers.spawn(async move { rooms.leave(bob.id, room, at(3)).await.unwrap() });
    }
    let outcomes = racers.join_all().await;
    assert_eq!(outcomes.iter().filter(|left| **left == Left::Done).count(), 1);
    assert_eq!(outcomes.iter().filter(|left| **left == Left::NotAMember).count(), 19);
    assert_eq!(stores.checked_log(room).await.len(), 4);
    assert_eq!(standing(&stores, &ada, room).await.room.member_count, 1);
}

pub(crate) async fn who_comes_back_begins_anew(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &bob, "den").await;
    join(&stores, &ada, room).await;
    append(&stores, naming(&ada, room, &["bob"])).await;
    leave(&stores, &bob, room).await;
    join(&stores, &bob, room).await;
    let his = standing(&stores, &bob, room).await;
    assert_eq!((his.role, his.read_seq.get()), (chat_entity::Role::Member, 6), "the owner came back as a member");
    assert_eq!((his.unread, his.mentions), (0, 0));
}

pub(crate) async fn the_last_one_leaves_an_empty_room_behind(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let (public, private) = (public_room(&stores, &ada, "den").await, private_room(&stores, &ada, "secret").await);
    for room in [public, private] {
        leave(&stores, &ada, room).await;
        assert_eq!(stores.checked_log(room).await.len(), 3);
    }
    assert_eq!(stores.rooms.find(ada.id, public).await.unwrap().unwrap().0.member_count, 0);
    assert_eq!(stores.rooms.find(ada.id, private).await.unwrap(), None);
    join(&stores, &ada, public).await;
}
