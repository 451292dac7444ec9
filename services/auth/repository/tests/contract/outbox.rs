//! What an outbox must do, with the changes that fill it.

use std::collections::BTreeSet;

use auth_entity::User;
use auth_usecase::ports::{Message, ReplaceOutcome};
use uuid::Uuid;

use crate::samples::{account, at, changed, message};
use crate::stores::Stores;
use crate::{stores, two_nodes};

macro_rules! on_each {
    ($($case:ident)*) => {
        crate::suite!(outbox on sqlite from super::stores::sqlite: $($case)*);
        crate::suite!(outbox on postgres from super::two_nodes::postgres: $($case)*);
    };
}

on_each!(
    a_message_is_kept_as_it_was_written
    messages_wait_in_their_order_until_they_are_sent
    a_message_that_cannot_be_kept_leaves_the_profile_as_it_was
    racing_senders_miss_nothing_and_disturb_nobody
);

/// Changes a new account as often as there are messages.
async fn told(stores: &Stores, messages: impl IntoIterator<Item = Message>) -> User {
    let mut user = account("ann", "ann@example.org");
    stores.users.insert(&user).await.unwrap();
    for message in messages {
        user.user = changed(&user.user);
        let outcome = stores.users.replace_profile(&user.user, &message, at(1)).await.unwrap();
        assert_eq!(outcome, ReplaceOutcome::Replaced);
    }
    user.user
}

async fn waiting(stores: &Stores, limit: u32) -> (Vec<i64>, Vec<Message>) {
    stores.outbox.next(limit).await.unwrap().into_iter().map(|waiting| (waiting.place, waiting.message)).unzip()
}

pub(crate) async fn a_message_is_kept_as_it_was_written(stores: Stores) {
    let payload = format!("{{\"display_name\":\"'\\\";--\\\\n{}\"}}", "\u{1F680}".repeat(10_000));
    let odd = Message { id: Uuid::max(), topic: "t".repeat(100), payload };
    told(&stores, [odd.clone()]).await;
    assert_eq!(waiting(&stores, 1).await.1, [odd]);
}

pub(crate) async fn messages_wait_in_their_order_until_they_are_sent(stores: Stores) {
    assert_eq!(stores.outbox.next(10).await.unwrap(), []);
    assert_eq!(stores.outbox.waiting(10).await.unwrap(), 0);
    // Their ids are in another order than they.
    let messages = [message(3), message(1), message(2)];
    told(&stores, messages.clone()).await;
    let (places, first) = waiting(&stores, 2).await;
    assert_eq!(first, messages[..2]);
    assert_eq!(waiting(&stores, 10).await.1, messages, "looking takes nothing away");
    assert_eq!((stores.outbox.waiting(2).await.unwrap(), stores.outbox.waiting(10).await.unwrap()), (2, 3));
    for _ in 0..2 {
        stores.outbox.sent(&[places[0], i64::MAX]).await.unwrap();
        assert_eq!(waiting(&stores, 10).await.1, messages[1..]);
    }
    stores.outbox.sent(&[]).await.unwrap();
    let (places, _) = waiting(&stores, 10).await;
    stores.outbox.sent(&places).await.unwrap();
    assert_eq!(stores.outbox.waiting(10).await.unwrap(), 0);
}

pub(crate) async fn a_message_that_cannot_be_kept_leaves_the_profile_as_it_was(stores: Stores) {
    let user = told(&stores, [message(1)]).await;
    let refused = stores.users.replace_profile(&changed(&user), &message(1), at(2)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(stores.users.find_by_id(user.id).await.unwrap(), Some(user));
    assert_eq!(waiting(&stores, 10).await.1, [message(1)]);
}

pub(crate) async fn racing_senders_miss_nothing_and_disturb_nobody(stores: Stores) {
    told(&stores, (0..40).map(message)).await;
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let outbox = stores.outbox.clone();
        senders.spawn(async move {
            let mut sent = BTreeSet::new();
            loop {
                let waiting = outbox.next(7).await.unwrap();
                if waiting.is_empty() {
                    return sent;
                }
                outbox.sent(&waiting.iter().map(|waiting| waiting.place).collect::<Vec<_>>()).await.unwrap();
                sent.extend(waiting.into_iter().map(|waiting| waiting.message.id));
            }
        });
    }
    let sent: BTreeSet<Uuid> = senders.join_all().await.into_iter().flatten().collect();
    assert_eq!(sent, (0..40).map(Uuid::from_u128).collect());
}
