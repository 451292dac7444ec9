//! Reading the raw log: for members, for the node itself, and the question which logs have grown.

use chat_entity::{Event, Seq};
use chat_usecase::port::Standings;
use kernel::{RoomId, UserId};

use crate::samples::{granted, join, kinds, leave, person, public_room, say};
use crate::stores::Stores;

crate::suite!(
    pages_give_every_event_once_and_the_head
    beyond_the_head_there_is_nothing
    only_rooms_that_have_moved_past_the_known_place_are_told
    the_epoch_stays_the_same
);

const MAX: Seq = Seq::new(u64::MAX);

pub(crate) async fn pages_give_every_event_once_and_the_head(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    say(&stores, &bob, room, "hello").await;
    leave(&stores, &bob, room).await;
    say(&stores, &ada, room, "bye").await;
    let log = stores.checked_log(room).await;
    assert_eq!(kinds(&log), ["created", "joined ada", "joined bob", "bob: hello", "left bob", "ada: bye"]);
    for limit in [1, 4, 6, 200] {
        let (mut read, mut tailed): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
        while read.len() < log.len() {
            let after = read.last().map_or(Seq::ZERO, |event| event.seq);
            let (page, head) = granted(stores.log.events_after(ada.id, room, after, limit).await.unwrap());
            assert_eq!((page.len(), head.get()), ((log.len() - read.len()).min(limit as usize), 6));
            read.extend(page);
            tailed.extend(stores.log.tail(room, after, limit).await.unwrap());
        }
        assert_eq!(read, log);
        assert_eq!(tailed, log);
    }
}

pub(crate) async fn beyond_the_head_there_is_nothing(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    for after in [Seq::new(2), Seq::new(3), MAX] {
        let found = granted(stores.log.events_after(ada.id, room, after, 200).await.unwrap());
        assert_eq!(found, (Vec::new(), Seq::new(2)), "{after}");
        assert_eq!(stores.log.tail(room, after, 200).await.unwrap(), []);
    }
    assert_eq!(stores.log.tail(RoomId::new(), Seq::ZERO, 200).await.unwrap(), []);
}

pub(crate) async fn only_rooms_that_have_moved_past_the_known_place_are_told(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let (den, attic) = (public_room(&stores, &ada, "den").await, public_room(&stores, &ada, "attic").await);
    say(&stores, &ada, den, "hello").await;
    let moved = async |known: &[(RoomId, Seq)]| stores.log.moved(known.to_vec()).await.unwrap();
    let seq = Seq::new;
    assert_eq!(moved(&[]).await, []);
    assert_eq!(moved(&[(den, seq(2)), (attic, seq(2)), (RoomId::new(), Seq::ZERO)]).await, [(den, seq(3))]);
    assert_eq!(moved(&[(den, seq(3)), (attic, seq(9)), (den, MAX)]).await, []);
    let mut many: Vec<_> = (0..20_000).map(|_| (RoomId::new(), Seq::ZERO)).collect();
    many.push((attic, seq(1)));
    many.push((den, Seq::ZERO));
    let mut both = moved(&many).await;
    both.sort_by_key(|(_, head)| *head);
    assert_eq!(both, [(attic, seq(2)), (den, seq(3))]);
}

pub(crate) async fn the_epoch_stays_the_same(stores: Stores) {
    let epoch = stores.log.epoch().await.unwrap();
    assert!(!epoch.is_empty());
    assert_eq!(stores.log.epoch().await.unwrap(), epoch);
    let nobody = stores.rooms.standings(UserId::new()).await.unwrap();
    assert_eq!(nobody, Standings { epoch: epoch.clone(), membership_no: 0, rooms: Vec::new() });
    let ada = person(&stores, "ada").await;
    public_room(&stores, &ada, "den").await;
    assert_eq!(stores.rooms.standings(ada.id).await.unwrap().epoch, epoch);
    assert_eq!(stores.reopened().await.log.epoch().await.unwrap(), epoch);
}
