//! Appending from many sides at once: one row per `client_msg_id` (I4), one dense log per room (I2), the order of calls (I3).

use std::future::poll_fn;
use std::task::Poll;

use chat_usecase::port::{Appended, Entry};
use kernel::MessageId;
use tokio::task::JoinSet;

use crate::samples::{entry, join, kinds, leave, person, public_room, standing, unread};
use crate::stores::Stores;

crate::suite!(
    of_fifty_racing_repeats_one_makes_the_message
    two_hundred_racing_messages_of_several_people_get_dense_places
    rooms_that_are_written_to_at_once_do_not_disturb_each_other
    calls_that_are_polled_one_after_the_other_take_effect_in_that_order
    messages_that_race_with_their_authors_leaving_are_in_the_log_before_it_or_refused
);

pub(crate) async fn of_fifty_racing_repeats_one_makes_the_message(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    let sent = entry(&ada, room, "once");
    let mut racers = JoinSet::new();
    for _ in 0..50 {
        let (log, again) = (stores.log.clone(), Entry { message_id: MessageId::new(), ..sent.clone() });
        racers.spawn(async move { log.append(again).await.unwrap() });
    }
    let mut made = Vec::new();
    let mut repeated = Vec::new();
    for outcome in racers.join_all().await {
        match outcome {
            Appended::Created(message) => made.push(message),
            Appended::Repeated(message) => repeated.push(message),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((made.len(), repeated.len()), (1, 49));
    assert!(repeated.iter().all(|message| *message == made[0]), "every answer is the one message");
    assert_eq!(stores.checked_bodies(room).await, ["once"]);
    assert_eq!(unread(&stores, &bob, room).await, (1, 0));
}

pub(crate) async fn two_hundred_racing_messages_of_several_people_get_dense_places(stores: Stores) {
    let owner = person(&stores, "owner").await;
    let room = public_room(&stores, &owner, "den").await;
    let mut racers = JoinSet::new();
    for name in ["ada", "bob", "eve", "dan"] {
        let author = person(&stores, name).await;
        join(&stores, &author, room).await;
        for n in 0..50 {
            let (log, entry) = (stores.log.clone(), entry(&author, room, &format!("{name} {n}")));
            racers.spawn(async move { log.append(entry).await.unwrap() });
        }
    }
    let answers = racers.join_all().await;
    let log = stores.checked_log(room).await;
    assert_eq!(log.len(), 2 + 4 + 200);
    for answer in answers {
        let Appended::Created(message) = answer else { panic!("{answer:?}") };
        let event = &log[usize::try_from(message.seq.get()).unwrap() - 1];
        assert_eq!(event.content, chat_entity::EventContent::MessageCreated(message));
    }
    let seen = standing(&stores, &owner, room).await;
    assert_eq!((seen.unread, seen.room.head_seq.get(), seen.room.member_count), (200, 206, 5));
}

pub(crate) async fn rooms_that_are_written_to_at_once_do_not_disturb_each_other(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let mut rooms = Vec::new();
    let mut racers = JoinSet::new();
    for n in 0..10 {
        rooms.push(public_room(&stores, &ada, &format!("room{n}")).await);
    }
    for n in 0..100 {
        let (log, entry) = (stores.log.clone(), entry(&ada, rooms[n % 10], "x"));
        racers.spawn(async move { log.append(entry).await.unwrap() });
    }
    assert!(racers.join_all().await.iter().all(|outcome| matches!(outcome, Appended::Created(_))));
    for room in rooms {
        assert_eq!(stores.checked_log(room).await.len(), 12);
    }
}

pub(crate) async fn calls_that_are_polled_one_after_the_other_take_effect_in_that_order(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    let bodies: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let mut line: Vec<_> = bodies.iter().map(|body| stores.log.append(entry(&ada, room, body))).collect();
    // Each is polled once, then the last first.
    poll_fn(|context| {
        line.retain_mut(|call| call.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
    for call in line.into_iter().rev() {
        call.await.unwrap();
    }
    assert_eq!(stores.checked_bodies(room).await, bodies);
}

pub(crate) async fn messages_that_race_with_their_authors_leaving_are_in_the_log_before_it_or_refused(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    let mut racers = JoinSet::new();
    for n in 0..40 {
        let (log, entry) = (stores.log.clone(), entry(&bob, room, &n.to_string()));
        racers.spawn(async move { log.append(entry).await.unwrap() });
    }
    leave(&stores, &bob, room).await;
    let outcomes = racers.join_all().await;
    let sent = outcomes.iter().filter(|outcome| matches!(outcome, Appended::Created(_))).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == Appended::NotAMember).count();
    assert_eq!(sent + refused, 40, "{outcomes:?}");
    let log = kinds(&stores.checked_log(room).await);
    assert_eq!(log.len(), 3 + sent + 1);
    assert_eq!(log.last().unwrap(), "left bob");
}
