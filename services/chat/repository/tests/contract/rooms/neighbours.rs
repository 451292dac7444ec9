//! Who is in a room with whom.

use chat_entity::Profile;
use chat_usecase::port::Access;
use kernel::{RoomId, UserId};

use crate::samples::{granted, join, leave, person, private_room, public_room};
use crate::stores::Stores;

crate::suite!(
    of_the_named_users_those_in_the_room_are_found_by_name_without_regard_to_case
    who_is_not_in_a_room_learns_of_nobody_in_it
    who_shares_any_room_with_the_reader_is_a_neighbour_and_so_is_the_reader
    a_limit_leaves_the_first_by_name
    the_rooms_of_many_are_found_at_once
);

fn ids(people: &[&Profile]) -> Vec<UserId> {
    people.iter().map(|person| person.id).collect()
}

async fn among(stores: &Stores, reader: &Profile, room: RoomId, users: &[UserId]) -> Access<Vec<Profile>> {
    stores.rooms.members_among(reader.id, room, users.to_vec(), 500).await.unwrap()
}

async fn neighbours(stores: &Stores, reader: &Profile, users: &[UserId]) -> Vec<Profile> {
    stores.rooms.neighbours_among(reader.id, users.to_vec(), 500).await.unwrap()
}

pub(crate) async fn of_the_named_users_those_in_the_room_are_found_by_name_without_regard_to_case(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "Bob").await);
    let (cy, dan, eve) = (person(&stores, "cy").await, person(&stores, "dan").await, person(&stores, "Eve").await);
    let den = public_room(&stores, &ada, "den").await;
    for somebody in [&eve, &cy, &bob] {
        join(&stores, somebody, den).await;
    }
    let asked = [ids(&[&eve, &dan, &bob, &ada, &eve]), vec![UserId::new()]].concat();
    let found = granted(among(&stores, &cy, den, &asked).await);
    assert_eq!(found, [ada, bob.clone(), eve], "cy was not asked for, dan is elsewhere");
    assert_eq!(granted(among(&stores, &cy, den, &[]).await), []);
    leave(&stores, &bob, den).await;
    assert_eq!(granted(among(&stores, &cy, den, &[bob.id]).await), []);
}

pub(crate) async fn who_is_not_in_a_room_learns_of_nobody_in_it(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let (den, secret) = (public_room(&stores, &ada, "den").await, private_room(&stores, &ada, "secret").await);
    for users in [vec![], vec![ada.id, bob.id]] {
        assert_eq!(among(&stores, &bob, den, &users).await, Access::NotAMember);
        assert_eq!(among(&stores, &bob, secret, &users).await, Access::NoSuchRoom);
        assert_eq!(among(&stores, &bob, RoomId::new(), &users).await, Access::NoSuchRoom);
    }
}

pub(crate) async fn who_shares_any_room_with_the_reader_is_a_neighbour_and_so_is_the_reader(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let (cy, dan) = (person(&stores, "cy").await, person(&stores, "dan").await);
    let (den, secret) = (public_room(&stores, &ada, "den").await, private_room(&stores, &ada, "secret").await);
    let elsewhere = public_room(&stores, &dan, "elsewhere").await;
    for (somebody, room) in [(&bob, den), (&bob, elsewhere), (&cy, elsewhere)] {
        join(&stores, somebody, room).await;
    }
    let all = [ids(&[&dan, &cy, &bob, &ada, &bob]), vec![UserId::new()]].concat();
    assert_eq!(neighbours(&stores, &ada, &all).await, [ada.clone(), bob.clone()]);
    assert_eq!(neighbours(&stores, &bob, &all).await, [ada.clone(), bob.clone(), cy.clone(), dan.clone()]);
    assert_eq!(neighbours(&stores, &cy, &ids(&[&ada, &dan])).await, [dan], "the reader was not asked for");
    leave(&stores, &ada, den).await;
    leave(&stores, &ada, secret).await;
    assert_eq!(neighbours(&stores, &ada, &all).await, [ada], "whoever is in no room sees themself");
    assert_eq!(neighbours(&stores, &cy, &[]).await, []);
}

pub(crate) async fn a_limit_leaves_the_first_by_name(stores: Stores) {
    let owner = person(&stores, "zoe").await;
    let den = public_room(&stores, &owner, "den").await;
    let mut people = Vec::new();
    for name in ["Ann", "ben", "Cid"] {
        people.push(person(&stores, name).await);
        join(&stores, &people[people.len() - 1], den).await;
    }
    // As many as are looked at.
    let mut asked: Vec<UserId> = (0..20_000).map(|_| UserId::new()).collect();
    asked.extend(people.iter().map(|person| person.id));
    asked.push(owner.id);
    let in_room = granted(stores.rooms.members_among(owner.id, den, asked.clone(), 2).await.unwrap());
    assert_eq!(in_room, people[..2]);
    assert_eq!(stores.rooms.neighbours_among(owner.id, asked, 3).await.unwrap(), people);
}

pub(crate) async fn the_rooms_of_many_are_found_at_once(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let (den, secret) = (public_room(&stores, &ada, "den").await, private_room(&stores, &ada, "secret").await);
    join(&stores, &bob, den).await;
    let mut found = stores.rooms.rooms_of(vec![bob.id, ada.id, UserId::new(), ada.id]).await.unwrap();
    found.sort_unstable();
    let mut expected = vec![(ada.id, den), (ada.id, secret), (bob.id, den)];
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(stores.rooms.rooms_of(Vec::new()).await.unwrap(), []);
}
