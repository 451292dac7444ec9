//! The number that tells whether somebody's rooms have changed.

use chat_entity::RoomKind;
use chat_usecase::port::Created;
use kernel::{RoomId, UserId};

use crate::samples::{at, creation, join, join_of, leave, name, person, private_room, profile, public_room, say};
use crate::stores::Stores;

crate::suite!(
    each_coming_and_going_moves_the_number_and_nothing_else_does
    a_newcomers_default_rooms_are_counted
    only_those_whose_number_has_moved_are_told
);

async fn number(stores: &Stores, user: UserId) -> u64 {
    stores.rooms.standings(user).await.unwrap().membership_no
}

pub(crate) async fn each_coming_and_going_moves_the_number_and_nothing_else_does(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    assert_eq!(number(&stores, ada.id).await, 0);
    let room = public_room(&stores, &ada, "den").await;
    let secret = private_room(&stores, &ada, "secret").await;
    assert_eq!(number(&stores, ada.id).await, 2, "who makes a room comes into it");
    join(&stores, &bob, room).await;
    stores.rooms.join(join_of(&bob, room)).await.unwrap();
    stores.rooms.join(join_of(&bob, secret)).await.unwrap();
    assert_eq!(stores.rooms.create(creation(&bob, "den", RoomKind::Public)).await.unwrap(), Created::NameTaken);
    say(&stores, &bob, room, "hello").await;
    assert_eq!((number(&stores, ada.id).await, number(&stores, bob.id).await), (2, 1));
    leave(&stores, &bob, room).await;
    stores.rooms.leave(bob.id, room, at(4)).await.unwrap();
    assert_eq!(number(&stores, bob.id).await, 2);
    join(&stores, &bob, room).await;
    let his = stores.rooms.standings(bob.id).await.unwrap();
    assert_eq!((his.membership_no, his.rooms.len()), (3, 1));
    assert_eq!(number(&stores.reopened().await, bob.id).await, 3);
}

pub(crate) async fn a_newcomers_default_rooms_are_counted(stores: Stores) {
    for room in ["global", "help"] {
        stores.rooms.ensure_default(RoomId::new(), name(room), at(0)).await.unwrap();
    }
    let ada = profile("ada");
    stores.people.welcome(ada.clone(), 1, vec![name("global"), name("help"), name("nowhere")], at(1)).await.unwrap();
    let hers = stores.rooms.standings(ada.id).await.unwrap();
    assert_eq!((hers.membership_no, hers.rooms.len()), (2, 2));
    assert_eq!(number(&stores, UserId::new()).await, 0, "a stranger is in no room");
}

pub(crate) async fn only_those_whose_number_has_moved_are_told(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    leave(&stores, &bob, room).await;
    let moved = async |known: &[(UserId, u64)]| stores.rooms.memberships_moved(known.to_vec()).await.unwrap();
    assert_eq!(moved(&[]).await, []);
    assert_eq!(moved(&[(ada.id, 1), (bob.id, 1), (UserId::new(), 0)]).await, [(bob.id, 2)]);
    assert_eq!(moved(&[(ada.id, 1), (bob.id, 2), (bob.id, u64::MAX)]).await, []);
    let mut many: Vec<_> = (0..20_000).map(|_| (UserId::new(), 0)).collect();
    many.extend([(ada.id, 0), (bob.id, 0)]);
    let mut both = moved(&many).await;
    both.sort_by_key(|(_, number)| *number);
    assert_eq!(both, [(ada.id, 1), (bob.id, 2)]);
}
