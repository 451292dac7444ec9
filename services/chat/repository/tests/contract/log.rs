//! What a store of logs must do: appending, once and without a trace of what was refused.

mod events;
mod history;
mod racing;

use chat_entity::{Event, EventContent, Format, Message, MessageBody, Seq};
use chat_usecase::port::{Appended, Entry};
use futures_util::future;
use kernel::{MessageId, RoomId, Timestamp};

use crate::samples::{
    append, at, entry, join, leave, naming, person, private_room, public_room, say, standing, unread,
};
use crate::stores::Stores;

crate::suite!(
    a_message_is_in_the_log_as_it_was_sent
    a_repeat_gives_the_message_of_the_first_call_and_appends_nothing
    the_same_client_msg_id_with_another_content_is_refused_and_nothing_changes
    another_author_or_another_room_makes_another_message_of_one_client_msg_id
    an_answer_is_refused_unless_it_is_to_a_message_of_the_room
    who_is_not_in_the_room_appends_nothing
    a_closed_room_takes_nothing_new_and_still_knows_a_repeat
    of_what_is_sent_at_once_each_gets_what_it_would_get_alone
    the_names_of_other_members_become_mentions
    values_at_the_extremes_come_back_as_they_were
);

async fn head(stores: &Stores, room: RoomId) -> u64 {
    stores.log.tail(room, Seq::ZERO, 100_000).await.unwrap().len() as u64
}

pub(crate) async fn a_message_is_in_the_log_as_it_was_sent(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    let mut sent = entry(&ada, room, "hello");
    sent.draft.format = Format::Markdown;
    let message = append(&stores, sent.clone()).await;
    let expected = Message {
        id: sent.message_id,
        room_id: room,
        seq: Seq::new(4),
        author: ada.clone(),
        body: sent.draft.body.clone(),
        format: Format::Markdown,
        client_msg_id: sent.draft.client_msg_id,
        reply_to: None,
        mentions: Vec::new(),
        created_at: sent.at,
    };
    assert_eq!(message, expected);
    let content = EventContent::MessageCreated(Box::new(message));
    let event = Event { room_id: room, seq: Seq::new(4), at: sent.at, actor: Some(ada.id), content };
    assert_eq!(stores.checked_log(room).await.last(), Some(&event));
    let hers = standing(&stores, &ada, room).await;
    assert_eq!((hers.room.head_seq, hers.read_seq, hers.unread), (Seq::new(4), Seq::new(4), 0), "who writes has read");
    assert_eq!(unread(&stores, &bob, room).await, (1, 0));
}

pub(crate) async fn a_repeat_gives_the_message_of_the_first_call_and_appends_nothing(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    let sent = naming(&ada, room, &["bob"]);
    let first = append(&stores, sent.clone()).await;
    say(&stores, &ada, room, "something else").await;
    for later in [5, 86_400 * 400] {
        let again = Entry { message_id: MessageId::new(), at: at(later), ..sent.clone() };
        assert_eq!(stores.log.append(again).await.unwrap(), Appended::Repeated(Box::new(first.clone())));
    }
    assert_eq!(stores.checked_bodies(room).await, ["hello", "something else"]);
    assert_eq!(unread(&stores, &bob, room).await, (2, 1));
}

pub(crate) async fn the_same_client_msg_id_with_another_content_is_refused_and_nothing_changes(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    let original = append(&stores, entry(&ada, room, "before")).await;
    let sent = entry(&ada, room, "hello");
    append(&stores, sent.clone()).await;
    let mut others = vec![sent.clone(), sent.clone(), sent];
    others[0].draft.body = MessageBody::parse("hello ".to_owned(), 100).unwrap();
    others[1].draft.format = Format::Markdown;
    others[2].draft.reply_to = Some(original.id);
    for other in others {
        let other = Entry { message_id: MessageId::new(), ..other };
        assert_eq!(stores.log.append(other).await.unwrap(), Appended::ClientMsgIdTaken);
    }
    assert_eq!(say(&stores, &ada, room, "after").await.get(), 5);
    assert_eq!(stores.checked_bodies(room).await, ["before", "hello", "after"]);
}

pub(crate) async fn another_author_or_another_room_makes_another_message_of_one_client_msg_id(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let (den, attic) = (public_room(&stores, &ada, "den").await, public_room(&stores, &ada, "attic").await);
    join(&stores, &bob, den).await;
    let sent = entry(&ada, den, "hello");
    let mut elsewhere = Entry { message_id: MessageId::new(), ..sent.clone() };
    elsewhere.draft.room_id = attic;
    let of_bob = Entry { message_id: MessageId::new(), author: bob.id, ..sent.clone() };
    assert_eq!(append(&stores, sent).await.seq.get(), 4);
    assert_eq!(append(&stores, elsewhere).await.seq.get(), 3);
    assert_eq!(append(&stores, of_bob).await.seq.get(), 5);
}

pub(crate) async fn an_answer_is_refused_unless_it_is_to_a_message_of_the_room(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let (den, attic) = (public_room(&stores, &ada, "den").await, public_room(&stores, &ada, "attic").await);
    let here = append(&stores, entry(&ada, den, "here")).await;
    let there = append(&stores, entry(&ada, attic, "there")).await;
    let answer = |to: MessageId| {
        let mut answer = entry(&ada, den, "answer");
        answer.draft.reply_to = Some(to);
        answer
    };
    for wrong in [there.id, MessageId::new()] {
        assert_eq!(stores.log.append(answer(wrong)).await.unwrap(), Appended::NoSuchReply);
    }
    let right = append(&stores, answer(here.id)).await;
    assert_eq!((right.seq.get(), right.reply_to), (4, Some(here.id)));
    assert_eq!(stores.checked_bodies(den).await, ["here", "answer"]);
}

pub(crate) async fn who_is_not_in_the_room_appends_nothing(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let public = public_room(&stores, &ada, "den").await;
    let private = private_room(&stores, &ada, "secret").await;
    let left = public_room(&stores, &ada, "attic").await;
    join(&stores, &bob, left).await;
    say(&stores, &bob, left, "bye").await;
    leave(&stores, &bob, left).await;
    for (room, refusal) in [
        (public, Appended::NotAMember),
        (left, Appended::NotAMember),
        (private, Appended::NoSuchRoom),
        (RoomId::new(), Appended::NoSuchRoom),
    ] {
        let before = head(&stores, room).await;
        assert_eq!(stores.log.append(naming(&bob, room, &["ada"])).await.unwrap(), refusal);
        assert_eq!(head(&stores, room).await, before);
    }
    for room in [public, private, left] {
        stores.checked_log(room).await;
        assert_eq!(standing(&stores, &ada, room).await.mentions, 0);
        assert_eq!(say(&stores, &ada, room, "next").await.get(), head(&stores, room).await, "there is a gap");
    }
}

pub(crate) async fn a_closed_room_takes_nothing_new_and_still_knows_a_repeat(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    let sent = entry(&ada, room, "hello");
    let first = append(&stores, sent.clone()).await;
    stores.archive(room).await;
    assert_eq!(stores.log.append(entry(&ada, room, "more")).await.unwrap(), Appended::Archived);
    assert_eq!(stores.log.append(sent.clone()).await.unwrap(), Appended::Repeated(Box::new(first)));
    let mut other = sent;
    other.draft.format = Format::Markdown;
    assert_eq!(stores.log.append(other).await.unwrap(), Appended::ClientMsgIdTaken);
    assert_eq!(stores.checked_bodies(room).await, ["hello"]);
}

pub(crate) async fn of_what_is_sent_at_once_each_gets_what_it_would_get_alone(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let out = person(&stores, "out").await;
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    let sent = entry(&ada, room, "before");
    let first = append(&stores, sent.clone()).await;
    let mut answer = entry(&ada, room, "an answer to nothing");
    answer.draft.reply_to = Some(MessageId::new());
    let of_out = || entry(&out, room, "from outside");
    let odd = [of_out(), answer, Entry { message_id: MessageId::new(), ..sent }];
    let refused =
        [Appended::NotAMember, Appended::NoSuchReply, Appended::Repeated(Box::new(first))].map(|outcome| vec![outcome]);
    // At first with one who may not write, then with each of the others as well, and all waiting before the first is begun.
    for (odd, refused) in odd.into_iter().zip(refused) {
        let before = head(&stores, room).await;
        let all = [naming(&ada, room, &["bob"]), entry(&bob, room, "his"), of_out(), odd, entry(&ada, room, "last")];
        let all = future::join_all(all.map(|entry| stores.log.append(entry))).await;
        let mut places = Vec::new();
        let mut others = Vec::new();
        for outcome in all {
            match outcome.unwrap() {
                Appended::Created(message) => places.push((message.seq.get(), message.mentions)),
                other => others.push(other),
            }
        }
        assert_eq!(places, [(before + 1, vec![bob.id]), (before + 2, vec![]), (before + 3, vec![])]);
        assert_eq!(others, [vec![Appended::NotAMember], refused].concat());
    }
    let hers = standing(&stores, &ada, room).await;
    assert_eq!((hers.read_seq, hers.unread), (hers.room.head_seq, 0), "who writes has read");
    assert_eq!(unread(&stores, &bob, room).await, (1, 0));
    assert_eq!(stores.checked_bodies(room).await.len(), 10);
}

pub(crate) async fn the_names_of_other_members_become_mentions(stores: Stores) {
    let (ada, bob) = (person(&stores, "Ada").await, person(&stores, "Bob.B").await);
    let (eve, out) = (person(&stores, "eve").await, person(&stores, "out").await);
    let room = public_room(&stores, &ada, "den").await;
    join(&stores, &bob, room).await;
    join(&stores, &eve, room).await;
    let message = append(&stores, naming(&ada, room, &["eve", "ada", "out", "nobody", "bob.b"])).await;
    assert_eq!(message.mentions, [eve.id, bob.id], "of members, in the order of the text, without the author");
    for (user, mentions) in [(&ada, 0), (&bob, 1), (&eve, 1)] {
        assert_eq!(standing(&stores, user, room).await.mentions, mentions, "{}", user.username);
    }
    join(&stores, &out, room).await;
    assert_eq!(standing(&stores, &out, room).await.mentions, 0);
    stores.checked_log(room).await;
}

pub(crate) async fn values_at_the_extremes_come_back_as_they_were(stores: Stores) {
    let ada = person(&stores, "ada").await;
    let room = public_room(&stores, &ada, "den").await;
    let long = "🚀".repeat(8_000);
    let odd = "'\";--\u{1}\r\n\t\\u0000 \u{feff}e\u{301}\u{202e}x \u{1a}0\u{1a}";
    for (body, sent_at) in [(long.as_str(), Timestamp::from_millis(0)), (odd, Timestamp::from_millis(i64::MAX))] {
        let message = append(&stores, Entry { at: sent_at, ..entry(&ada, room, body) }).await;
        assert_eq!((message.body.as_str(), message.created_at), (body, sent_at));
    }
    assert_eq!(stores.checked_bodies(room).await, [long.as_str(), odd]);
}
