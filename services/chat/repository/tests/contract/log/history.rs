//! Reading the timeline: which messages a window shows, and what it says of those around it.

use chat_entity::Seq;
use chat_usecase::port::{Access, History, Window};
use kernel::RoomId;
use tokio::task::JoinSet;

use crate::samples::{entry, granted, join, leave, person, private_room, public_room, say};
use crate::stores::Stores;

crate::suite!(
    each_window_shows_its_messages_and_tells_of_those_around_it
    a_room_without_messages_has_nothing_before_and_nothing_after
    pages_of_any_size_cover_the_timeline_once_in_both_directions
    only_members_read_a_room_and_a_private_one_is_not_even_there
);

const MAX: Seq = Seq::new(u64::MAX);

async fn places(
    stores: &Stores,
    reader: &chat_entity::Profile,
    room: RoomId,
    window: Window,
    limit: u32,
) -> (Vec<u64>, bool, bool) {
    let found = granted(stores.log.history(reader.id, room, window, limit).await.unwrap());
    let places = found.items.iter().map(|message| message.seq.get()).collect();
    (places, found.has_more_before, found.has_more_after)
}

pub(crate) async fn each_window_shows_its_messages_and_tells_of_those_around_it(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    // Messages at 3, 5, 7, 9 and 10; comings and goings of bob at 4, 6, 8 and 11.
    say(&stores, &ada, room, "3").await;
    join(&stores, &bob, room).await;
    say(&stores, &bob, room, "5").await;
    leave(&stores, &bob, room).await;
    say(&stores, &ada, room, "7").await;
    join(&stores, &bob, room).await;
    say(&stores, &ada, room, "9").await;
    say(&stores, &bob, room, "10").await;
    leave(&stores, &bob, room).await;
    let (before, after) = (|seq| Window::Before(Seq::new(seq)), |seq| Window::After(Seq::new(seq)));
    let around = |seq| Window::Around(Seq::new(seq));
    let cases: &[(Window, u32, &[u64], bool, bool)] = &[
        (Window::Newest, 200, &[3, 5, 7, 9, 10], false, false),
        (Window::Newest, 5, &[3, 5, 7, 9, 10], false, false),
        (Window::Newest, 2, &[9, 10], true, false),
        (Window::Newest, 1, &[10], true, false),
        (before(0), 2, &[], false, true),
        (before(3), 2, &[], false, true),
        (before(7), 2, &[3, 5], false, true),
        (before(8), 2, &[5, 7], true, true),
        (before(9), 1, &[7], true, true),
        (before(11), 1, &[10], true, false),
        (before(12), 200, &[3, 5, 7, 9, 10], false, false),
        (Window::Before(MAX), 2, &[9, 10], true, false),
        (after(0), 200, &[3, 5, 7, 9, 10], false, false),
        (after(0), 1, &[3], false, true),
        (after(3), 2, &[5, 7], true, true),
        (after(4), 2, &[5, 7], true, true),
        (after(7), 2, &[9, 10], true, false),
        (after(10), 2, &[], true, false),
        (after(11), 1, &[], true, false),
        (Window::After(MAX), 200, &[], true, false),
        (around(0), 4, &[3, 5], false, true),
        (around(3), 3, &[3, 5], false, true),
        (around(7), 1, &[7], true, true),
        (around(8), 1, &[9], true, true),
        (around(7), 2, &[5, 7], true, true),
        (around(8), 4, &[5, 7, 9, 10], true, false),
        (around(7), 200, &[3, 5, 7, 9, 10], false, false),
        (around(10), 3, &[9, 10], true, false),
        (Window::Around(MAX), 4, &[9, 10], true, false),
        (Window::Around(MAX), 1, &[], true, false),
        (around(0), 1, &[3], false, true),
    ];
    for (window, limit, expected, more_before, more_after) in cases {
        let found = places(&stores, &ada, room, *window, *limit).await;
        assert_eq!(found, (expected.to_vec(), *more_before, *more_after), "{window:?} limit {limit}");
    }
}

pub(crate) async fn a_room_without_messages_has_nothing_before_and_nothing_after(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    for place in [Seq::ZERO, Seq::new(1), Seq::new(2), MAX] {
        for window in [Window::Newest, Window::Before(place), Window::After(place), Window::Around(place)] {
            for limit in [1, 200] {
                let found = places(&stores, &ada, room, window, limit).await;
                assert_eq!(found, (Vec::new(), false, false), "{window:?} limit {limit}");
            }
        }
    }
}

pub(crate) async fn pages_of_any_size_cover_the_timeline_once_in_both_directions(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    let mut senders = JoinSet::new();
    for n in 0..401 {
        let (log, entry) = (stores.log.clone(), entry(&ada, room, &n.to_string()));
        senders.spawn(async move { log.append(entry).await.unwrap() });
    }
    senders.join_all().await;
    let all: Vec<u64> = (3..404).collect();
    for limit in [200, 7] {
        let (mut seen, mut window, mut more) = (Vec::new(), Window::Newest, true);
        while more {
            let (page, before, _) = places(&stores, &ada, room, window, limit).await;
            (more, window) = (before, Window::Before(Seq::new(page[0])));
            seen.splice(0..0, page);
        }
        assert_eq!(seen, all, "backwards, {limit} at a time");
        let (mut seen, mut more) = (vec![], true);
        while more {
            let from = Window::After(Seq::new(seen.last().copied().unwrap_or(0)));
            let (page, _, after) = places(&stores, &ada, room, from, limit).await;
            more = after;
            seen.extend(page);
        }
        assert_eq!(seen, all, "forwards, {limit} at a time");
    }
}

pub(crate) async fn only_members_read_a_room_and_a_private_one_is_not_even_there(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let public = public_room(&stores, &ada, "den").await;
    let private = private_room(&stores, &ada, "secret").await;
    let left = public_room(&stores, &ada, "attic").await;
    join(&stores, &bob, left).await;
    leave(&stores, &bob, left).await;
    for (room, history) in [
        (public, Access::<History>::NotAMember),
        (left, Access::NotAMember),
        (private, Access::NoSuchRoom),
        (RoomId::new(), Access::NoSuchRoom),
    ] {
        assert_eq!(stores.log.history(bob.id, room, Window::Newest, 50).await.unwrap(), history);
        let events = stores.log.events_after(bob.id, room, Seq::ZERO, 50).await.unwrap();
        assert_eq!(events == Access::NotAMember, history == Access::NotAMember, "{events:?}");
        assert_eq!(events == Access::NoSuchRoom, history == Access::NoSuchRoom, "{events:?}");
    }
    for room in [public, private, left] {
        granted(stores.log.history(ada.id, room, Window::Newest, 50).await.unwrap());
        granted(stores.log.events_after(ada.id, room, Seq::ZERO, 50).await.unwrap());
    }
}
