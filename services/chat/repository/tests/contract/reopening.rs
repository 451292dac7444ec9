//! What was answered is there for the next process too.

use chat_entity::{RoomKind, Seq};
use chat_usecase::port::{Appended, Created, Entry, IdempotencyKey, Window};
use kernel::MessageId;

use crate::samples::{
    append, at, create, creation, entry, granted, join, leave, naming, person, private_room, say, standing,
};
use crate::stores::Stores;

crate::suite!(everything_survives_reopening);

pub(crate) async fn everything_survives_reopening(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let mut asked = creation(&ada, "den", RoomKind::Public);
    asked.idempotency = Some(IdempotencyKey { key: "key".to_owned(), fingerprint: [7; 32] });
    let den = create(&stores, asked.clone()).await.id;
    let secret = private_room(&stores, &ada, "secret").await;
    join(&stores, &bob, den).await;
    let sent = naming(&ada, den, &["bob"]);
    let first = append(&stores, sent.clone()).await;
    let mut answer = entry(&ada, den, "an answer");
    answer.draft.reply_to = Some(first.id);
    append(&stores, answer).await;
    granted(stores.rooms.mark_read(bob.id, den, Seq::new(3)).await.unwrap());
    let log = stores.checked_log(den).await;
    let hers = stores.rooms.mine(ada.id, None, 50).await.unwrap();
    let his = standing(&stores, &bob, den).await;
    let members = granted(stores.rooms.members(ada.id, den, None, 50).await.unwrap());
    let history = granted(stores.log.history(bob.id, den, Window::Newest, 50).await.unwrap());
    let directory = stores.rooms.directory(Some("den".to_owned()), None, None, 50).await.unwrap();
    assert_eq!((his.unread, his.mentions, history.items.len(), hers.items.len()), (2, 1, 2, 2));

    let stores = stores.reopened().await;
    assert_eq!(stores.log.tail(den, Seq::ZERO, 200).await.unwrap(), log);
    assert_eq!(stores.rooms.mine(ada.id, None, 50).await.unwrap(), hers);
    assert_eq!(standing(&stores, &bob, den).await, his);
    assert_eq!(granted(stores.rooms.members(ada.id, den, None, 50).await.unwrap()), members);
    assert_eq!(granted(stores.log.history(bob.id, den, Window::Newest, 50).await.unwrap()), history);
    assert_eq!(stores.rooms.directory(Some("den".to_owned()), None, None, 50).await.unwrap(), directory);
    assert_eq!(stores.people.find(bob.id).await.unwrap(), Some(bob.clone()));
    assert_eq!(stores.rooms.find(bob.id, secret).await.unwrap(), None);

    let again = Entry { message_id: MessageId::new(), at: at(9), ..sent };
    assert_eq!(stores.log.append(again).await.unwrap(), Appended::Repeated(Box::new(first)));
    assert!(matches!(stores.rooms.create(asked).await.unwrap(), Created::Repeated(room) if room.id == den));
    assert_eq!(say(&stores, &bob, den, "on it goes").await.get(), log.len() as u64 + 1);
    leave(&stores, &bob, den).await;
}
