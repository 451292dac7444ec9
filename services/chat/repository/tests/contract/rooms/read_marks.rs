//! How far one has read, and what is unread: exact wherever the mark stands.

use chat_entity::{Profile, Seq};
use chat_usecase::port::{Access, Marked};
use kernel::RoomId;
use tokio::task::JoinSet;

use crate::samples::{append, granted, join, leave, naming, person, private_room, public_room, say, standing, unread};
use crate::stores::Stores;

crate::suite!(
    unread_counts_what_others_said_after_the_mark_wherever_it_stands
    a_mark_never_moves_back_and_never_past_the_head
    what_one_says_is_never_unread_to_oneself
    mentions_are_counted_after_the_mark
    who_is_not_in_the_room_marks_nothing
    of_racing_marks_the_highest_stays
);

async fn mark(stores: &Stores, user: &Profile, room: RoomId, seq: u64) -> Marked {
    granted(stores.rooms.mark_read(user.id, room, Seq::new(seq)).await.unwrap())
}

pub(crate) async fn unread_counts_what_others_said_after_the_mark_wherever_it_stands(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let eve = person(&stores, "eve").await;
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    // Bob joined at 3. Messages at 4, 6, 7 and 9; eve comes at 5 and goes at 8.
    say(&stores, &ada, room, "4").await;
    join(&stores, &eve, room).await;
    say(&stores, &eve, room, "6").await;
    say(&stores, &ada, room, "7").await;
    leave(&stores, &eve, room).await;
    say(&stores, &ada, room, "9").await;
    for (seq, left) in [(3, 4), (4, 3), (5, 3), (6, 2), (7, 1), (8, 1), (9, 0)] {
        let moved = seq > 3;
        assert_eq!(mark(&stores, &bob, room, seq).await, Marked { read_seq: Seq::new(seq), moved, member_count: 2 });
        assert_eq!(unread(&stores, &bob, room).await, (left, 0), "read up to {seq}");
        assert_eq!(standing(&stores, &bob, room).await.read_seq.get(), seq);
    }
    assert_eq!(stores.checked_log(room).await.len(), 9, "reading is no event");
}

pub(crate) async fn a_mark_never_moves_back_and_never_past_the_head(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    for _ in 0..5 {
        say(&stores, &ada, room, "x").await;
    }
    for (asked, read_seq, moved) in
        [(0, 3, false), (6, 6, true), (6, 6, false), (5, 6, false), (0, 6, false), (u64::MAX, 8, true), (9, 8, false)]
    {
        let marked = mark(&stores, &bob, room, asked).await;
        assert_eq!(marked, Marked { read_seq: Seq::new(read_seq), moved, member_count: 2 }, "asked for {asked}");
    }
    assert_eq!(say(&stores, &ada, room, "news").await.get(), 9);
    assert_eq!(unread(&stores, &bob, room).await, (1, 0), "a mark that was clamped has not read what came later");
}

pub(crate) async fn what_one_says_is_never_unread_to_oneself(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    say(&stores, &ada, room, "4").await;
    say(&stores, &ada, room, "5").await;
    assert_eq!((unread(&stores, &ada, room).await, unread(&stores, &bob, room).await), ((0, 0), (2, 0)));
    say(&stores, &bob, room, "6").await;
    assert_eq!((unread(&stores, &ada, room).await, unread(&stores, &bob, room).await), ((1, 0), (0, 0)));
    assert_eq!(standing(&stores, &bob, room).await.read_seq.get(), 6, "who writes has read what came before");
    assert!(!mark(&stores, &bob, room, 5).await.moved);
}

pub(crate) async fn mentions_are_counted_after_the_mark(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    for named in [&["bob"][..], &[], &["bob", "ada"], &["bob"]] {
        append(&stores, naming(&ada, room, named)).await;
    }
    for (seq, expected) in [(3, (4, 3)), (4, (3, 2)), (5, (2, 2)), (6, (1, 1)), (7, (0, 0))] {
        mark(&stores, &bob, room, seq).await;
        assert_eq!(unread(&stores, &bob, room).await, expected, "read up to {seq}");
    }
    append(&stores, naming(&ada, room, &["bob"])).await;
    assert_eq!(unread(&stores, &bob, room).await, (1, 1));
    say(&stores, &bob, room, "I have seen it").await;
    assert_eq!(unread(&stores, &bob, room).await, (0, 0));
}

pub(crate) async fn who_is_not_in_the_room_marks_nothing(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let public = public_room(&stores, &ada, "den").await;
    let private = private_room(&stores, &ada, "secret").await;
    for (room, refusal) in
        [(public, Access::<Marked>::NotAMember), (private, Access::NoSuchRoom), (RoomId::new(), Access::NoSuchRoom)]
    {
        assert_eq!(stores.rooms.mark_read(bob.id, room, Seq::new(1)).await.unwrap(), refusal);
    }
}

pub(crate) async fn of_racing_marks_the_highest_stays(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    let mut racers = JoinSet::new();
    for _ in 0..20 {
        append(&stores, naming(&ada, room, &["bob"])).await;
    }
    for seq in (4..=18).rev() {
        let rooms = stores.rooms.clone();
        racers.spawn(async move {
            granted(rooms.mark_read(bob.id, room, Seq::new(seq)).await.unwrap()).read_seq.get() >= seq
        });
    }
    assert!(racers.join_all().await.into_iter().all(|is_there| is_there));
    assert_eq!(standing(&stores, &bob, room).await.read_seq.get(), 18);
    assert_eq!(unread(&stores, &bob, room).await, (5, 5));
}
