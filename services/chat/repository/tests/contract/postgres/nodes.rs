//! Two nodes on one database: whichever of them is asked, it is one store.

use chat_entity::{Event, RoomKind};
use chat_usecase::port::{Appended, Created, Creation, Entry, IdempotencyKey, Join, Joined, Welcomed, Window};
use kernel::{MessageId, RoomId};
use testkit::PostgresServer;
use tokio::task::JoinSet;

use crate::samples::{
    at, creation, entry, granted, join, join_of, kinds, leave, name, person, profile, public_room, say, standing,
    unread,
};
use crate::stores::Stores;

crate::suite!(@on postgres:
    of_fifty_racing_repeats_on_two_nodes_one_makes_the_message
    a_log_that_two_nodes_write_to_is_dense_and_told_once
    what_one_node_has_acknowledged_the_other_shows
    messages_on_one_node_that_race_with_leaving_on_another_come_before_it_or_are_refused
    of_racing_creations_of_one_name_on_two_nodes_one_wins
    of_racing_creations_with_one_key_on_two_nodes_one_makes_the_room
    of_racing_joins_of_one_user_on_two_nodes_one_is_new
    racing_joins_on_two_nodes_do_not_go_over_the_number_of_rooms
    of_racing_welcomes_on_two_nodes_one_is_new
    two_nodes_that_start_at_once_make_a_default_room_once
    comings_and_goings_on_two_nodes_leave_the_counts_right
);

/// A room's whole log, after checking that it is dense, and that each event was told by one of the nodes, in order.
async fn checked_log_of(nodes: [&Stores; 2], room: RoomId) -> Vec<Event> {
    let log = nodes[0].log.tail(room, chat_entity::Seq::ZERO, 100_000).await.unwrap();
    let places: Vec<u64> = log.iter().map(|event| event.seq.get()).collect();
    assert_eq!(places, (1..=log.len() as u64).collect::<Vec<_>>(), "the log has a gap or a repeat");
    let mut told = Vec::new();
    for node in nodes {
        let by_node: Vec<Event> = node.committed().await.into_iter().filter(|event| event.room_id == room).collect();
        assert!(by_node.is_sorted_by_key(|event| event.seq), "a node told of a room in another order");
        told.extend(by_node);
    }
    told.sort_by_key(|event| event.seq);
    assert_eq!(told, log, "what was told is not what is in the log");
    log
}

/// Checks that no two changes have waited for each other, which the server ends after a second, and the writers hide by
/// trying again.
fn check_no_deadlock(server: &PostgresServer) {
    let log = std::fs::read_to_string(server.directory().join("log")).unwrap();
    assert!(!log.contains("deadlock detected"), "two changes waited for each other");
}

pub(crate) async fn of_fifty_racing_repeats_on_two_nodes_one_makes_the_message(here: Stores) {
    let there = here.another_node().await;
    let (ada, bob) = (person(&here, "ada").await, person(&here, "bob").await);
    let room = public_room(&here, &ada, "den").await;
    join(&here, &bob, room).await;
    let sent = entry(&ada, room, "once");
    let mut racers = JoinSet::new();
    for n in 0..50 {
        let log = if n % 2 == 0 { here.log.clone() } else { there.log.clone() };
        let again = Entry { message_id: MessageId::new(), ..sent.clone() };
        racers.spawn(async move { log.append(again).await.unwrap() });
    }
    let (mut made, mut all) = (0, Vec::new());
    for outcome in racers.join_all().await {
        match outcome {
            Appended::Created(message) => {
                made += 1;
                all.push(message);
            }
            Appended::Repeated(message) => all.push(message),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(made, 1);
    assert!(all.iter().all(|message| *message == all[0]), "every answer is the one message");
    assert_eq!(checked_log_of([&here, &there], room).await.len(), 4);
    assert_eq!(unread(&there, &bob, room).await, (1, 0));
}

pub(crate) async fn a_log_that_two_nodes_write_to_is_dense_and_told_once(here: Stores) {
    let there = here.another_node().await;
    let (ada, bob) = (person(&here, "ada").await, person(&there, "bob").await);
    let mut rooms = Vec::new();
    for n in 0..5 {
        rooms.push(public_room(&here, &ada, &format!("room{n}")).await);
        join(&there, &bob, rooms[n]).await;
    }
    let mut racers = JoinSet::new();
    for n in 0..400 {
        let (node, author) = if n % 2 == 0 { (&here, &ada) } else { (&there, &bob) };
        let (log, entry) = (node.log.clone(), entry(author, rooms[n % 5], &n.to_string()));
        racers.spawn(async move { log.append(entry).await.unwrap() });
    }
    assert!(racers.join_all().await.iter().all(|outcome| matches!(outcome, Appended::Created(_))));
    for room in rooms {
        assert_eq!(checked_log_of([&here, &there], room).await.len(), 3 + 80);
        let counted = standing(&here, &ada, room).await;
        assert_eq!((counted.room.head_seq.get(), counted.room.member_count), (83, 2));
    }
}

pub(crate) async fn what_one_node_has_acknowledged_the_other_shows(here: Stores) {
    let there = here.another_node().await;
    let (ada, bob) = (person(&here, "ada").await, person(&here, "bob").await);
    let room = public_room(&here, &ada, "den").await;
    join(&there, &bob, room).await;
    for n in 4..24 {
        let (writing, reading) = if n % 2 == 0 { (&here, &there) } else { (&there, &here) };
        assert_eq!(say(writing, &ada, room, "news").await.get(), n);
        let shown = granted(reading.log.history(bob.id, room, Window::Newest, 1).await.unwrap());
        assert_eq!(shown.items[0].seq.get(), n);
        assert_eq!(standing(reading, &bob, room).await.room.head_seq.get(), n);
    }
}

pub(crate) async fn messages_on_one_node_that_race_with_leaving_on_another_come_before_it_or_are_refused(here: Stores) {
    let there = here.another_node().await;
    let (ada, bob) = (person(&here, "ada").await, person(&here, "bob").await);
    let room = public_room(&here, &ada, "den").await;
    for _ in 0..5 {
        let joined = join(&there, &bob, room).await.head_seq.get();
        let mut racers = JoinSet::new();
        for n in 0..60 {
            let (log, entry) = (here.log.clone(), entry(&bob, room, &n.to_string()));
            racers.spawn(async move { log.append(entry).await.unwrap() });
        }
        leave(&there, &bob, room).await;
        let outcomes = racers.join_all().await;
        let sent = outcomes.iter().filter(|outcome| matches!(outcome, Appended::Created(_))).count();
        let refused = outcomes.iter().filter(|outcome| **outcome == Appended::NotAMember).count();
        assert_eq!(sent + refused, 60, "{outcomes:?}");
        let log = kinds(&checked_log_of([&here, &there], room).await);
        assert_eq!(log.len() as u64, joined + sent as u64 + 1);
        assert_eq!(log.last().unwrap(), "left bob");
    }
    check_no_deadlock(PostgresServer::shared().await);
}

pub(crate) async fn of_racing_creations_of_one_name_on_two_nodes_one_wins(here: Stores) {
    let there = here.another_node().await;
    let (ada, bob) = (person(&here, "ada").await, person(&here, "bob").await);
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let (node, owner) = if n % 2 == 0 { (&here, &ada) } else { (&there, &bob) };
        let (rooms, asked) = (node.rooms.clone(), creation(owner, "den", RoomKind::Public));
        racers.spawn(async move { rooms.create(asked).await.unwrap() });
    }
    let (won, lost): (Vec<_>, Vec<_>) =
        racers.join_all().await.into_iter().partition(|outcome| matches!(outcome, Created::New(_)));
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert!(lost.iter().all(|outcome| *outcome == Created::NameTaken), "{lost:?}");
    let found = there.rooms.directory(None, Some("den".to_owned()), None, 200).await.unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(checked_log_of([&here, &there], found.items[0].id).await.len(), 2);
}

pub(crate) async fn of_racing_creations_with_one_key_on_two_nodes_one_makes_the_room(here: Stores) {
    let there = here.another_node().await;
    let ada = person(&here, "ada").await;
    let mut asked = creation(&ada, "den", RoomKind::Private);
    asked.idempotency = Some(IdempotencyKey { key: "key".to_owned(), fingerprint: [1; 32] });
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let rooms = if n % 2 == 0 { here.rooms.clone() } else { there.rooms.clone() };
        let again = Creation { id: RoomId::new(), ..asked.clone() };
        racers.spawn(async move { rooms.create(again).await.unwrap() });
    }
    let (mut new, mut all) = (0, Vec::new());
    for outcome in racers.join_all().await {
        match outcome {
            Created::New(room) => {
                new += 1;
                all.push(room);
            }
            Created::Repeated(room) => all.push(room),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((new, all.len()), (1, 20));
    assert!(all.iter().all(|room| *room == all[0]));
}

pub(crate) async fn of_racing_joins_of_one_user_on_two_nodes_one_is_new(here: Stores) {
    let there = here.another_node().await;
    let (ada, bob) = (person(&here, "ada").await, person(&here, "bob").await);
    let room = public_room(&here, &ada, "den").await;
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let (rooms, join) = (if n % 2 == 0 { here.rooms.clone() } else { there.rooms.clone() }, join_of(&bob, room));
        racers.spawn(async move { rooms.join(join).await.unwrap() });
    }
    let new = racers.join_all().await.into_iter().filter(|joined| matches!(joined, Joined::New(_))).count();
    assert_eq!(new, 1);
    let log = checked_log_of([&here, &there], room).await;
    assert_eq!(kinds(&log), ["created", "joined ada", "joined bob"]);
}

pub(crate) async fn racing_joins_on_two_nodes_do_not_go_over_the_number_of_rooms(here: Stores) {
    let there = here.another_node().await;
    let owner = person(&here, "owner").await;
    let mut rooms = Vec::new();
    for n in 0..12 {
        rooms.push(public_room(&here, &owner, &format!("room{n}")).await);
    }
    for n in 0..6 {
        let user = person(&here, &format!("user{n}")).await;
        let mut racers = JoinSet::new();
        for (n, room) in rooms.iter().enumerate() {
            let node = if n % 2 == 0 { here.rooms.clone() } else { there.rooms.clone() };
            let join = Join { max_rooms: 1, ..join_of(&user, *room) };
            racers.spawn(async move { node.join(join).await.unwrap() });
        }
        let new = racers.join_all().await.into_iter().filter(|joined| matches!(joined, Joined::New(_))).count();
        assert_eq!((new, here.rooms.standings(user.id).await.unwrap().rooms.len()), (1, 1));
    }
}

pub(crate) async fn of_racing_welcomes_on_two_nodes_one_is_new(here: Stores) {
    let there = here.another_node().await;
    let room = RoomId::new();
    here.rooms.ensure_default(room, name("global"), at(0)).await.unwrap();
    let ada = profile("ada");
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let (people, ada) = (if n % 2 == 0 { here.people.clone() } else { there.people.clone() }, ada.clone());
        racers.spawn(async move { people.welcome(ada, 1, vec![name("global")], at(1)).await.unwrap() });
    }
    let new = racers.join_all().await.into_iter().filter(|welcomed| *welcomed == Welcomed::New).count();
    assert_eq!(new, 1);
    assert_eq!(kinds(&checked_log_of([&here, &there], room).await), ["created", "joined ada"]);
}

pub(crate) async fn two_nodes_that_start_at_once_make_a_default_room_once(here: Stores) {
    let there = here.another_node().await;
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let rooms = if n % 2 == 0 { here.rooms.clone() } else { there.rooms.clone() };
        racers.spawn(async move { rooms.ensure_default(RoomId::new(), name("global"), at(0)).await.unwrap() });
    }
    racers.join_all().await;
    let found = here.rooms.directory(None, Some("global".to_owned()), None, 200).await.unwrap().items;
    assert_eq!(found.len(), 1);
    assert_eq!(checked_log_of([&here, &there], found[0].id).await.len(), 1);
}

pub(crate) async fn comings_and_goings_on_two_nodes_leave_the_counts_right(here: Stores) {
    let there = here.another_node().await;
    let ada = person(&here, "ada").await;
    let mut rooms = Vec::new();
    for n in 0..3 {
        rooms.push(public_room(&here, &ada, &format!("room{n}")).await);
    }
    let mut racers = JoinSet::new();
    for n in 0..12 {
        let user = person(&here, &format!("user{n}")).await;
        let (node, rooms) = (if n % 2 == 0 { here.rooms.clone() } else { there.rooms.clone() }, rooms.clone());
        let log = there.log.clone();
        racers.spawn(async move {
            for turn in 0..6 {
                let room = rooms[(n + turn) % 3];
                assert!(matches!(node.join(join_of(&user, room)).await.unwrap(), Joined::New(_)));
                log.append(entry(&user, room, "hello")).await.unwrap();
                node.leave(user.id, room, at(3)).await.unwrap();
            }
        });
    }
    racers.join_all().await;
    let mut events = 0;
    for room in rooms {
        events += checked_log_of([&here, &there], room).await.len();
        assert_eq!(standing(&there, &ada, room).await.room.member_count, 1);
    }
    assert_eq!(events, 3 * 2 + 12 * 6 * 3);
    check_no_deadlock(PostgresServer::shared().await);
}
