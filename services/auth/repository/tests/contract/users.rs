//! What a store of accounts must do.

use auth_entity::{AvatarUrl, Bio, DisplayName, Language, Login, PasswordHash, StatusText, TimeZone, User};
use auth_usecase::ports::{InsertOutcome, ReplaceOutcome};
use kernel::{Timestamp, UserId};

use crate::samples::{account, at, changed, message};
use crate::stores::Stores;
use crate::{stores, two_nodes};

macro_rules! on_each {
    ($($case:ident)*) => {
        crate::suite!(users on sqlite from super::stores::sqlite: $($case)*);
        crate::suite!(users on postgres from super::two_nodes::postgres: $($case)*);
    };
}

on_each!(
    an_account_is_found_by_each_of_its_names_and_by_its_id
    an_unknown_account_is_not_found
    a_taken_username_is_refused_and_nothing_changes
    a_taken_email_is_refused_and_nothing_changes
    of_racing_sign_ups_of_one_name_one_wins
    values_at_the_extremes_come_back_as_they_were
    a_hash_is_replaced_only_where_it_is_the_old_one
    a_profile_is_replaced_and_the_rest_of_the_account_stays
    a_profile_of_another_version_is_left_alone
    of_racing_changes_of_one_version_one_is_made
);

async fn hash_of(stores: &Stores, login: &str) -> Option<PasswordHash> {
    let login = Login::parse(login).unwrap();
    stores.users.find_by_login(&login).await.unwrap().map(|account| account.password_hash)
}

pub(crate) async fn an_account_is_found_by_each_of_its_names_and_by_its_id(stores: Stores) {
    let ann = account("Ann.B", "Ann@Example.org");
    assert_eq!(stores.users.insert(&ann).await.unwrap(), InsertOutcome::Inserted);
    for login in ["Ann.B", "ann.b", "ANN.B", "Ann@Example.org", "ann@example.ORG"] {
        let found = stores.users.find_by_login(&Login::parse(login).unwrap()).await.unwrap();
        assert_eq!(found.as_ref(), Some(&ann), "{login}");
    }
    assert_eq!(stores.users.find_by_id(ann.user.id).await.unwrap(), Some(ann.user));
}

pub(crate) async fn an_unknown_account_is_not_found(stores: Stores) {
    stores.users.insert(&account("ann", "ann@example.org")).await.unwrap();
    for login in ["an", "ann_", "an%", "ann@example", "' OR 1=1 --", "a\u{0}b", "😀"] {
        assert_eq!(hash_of(&stores, login).await, None, "{login:?}");
    }
    assert_eq!(stores.users.find_by_id(UserId::new()).await.unwrap(), None);
}

pub(crate) async fn a_taken_username_is_refused_and_nothing_changes(stores: Stores) {
    let first = account("ann", "ann@example.org");
    stores.users.insert(&first).await.unwrap();
    let second = account("ANN", "other@example.org");
    assert_eq!(stores.users.insert(&second).await.unwrap(), InsertOutcome::UsernameTaken);
    assert_eq!(stores.users.insert(&second).await.unwrap(), InsertOutcome::UsernameTaken, "repeated");
    assert_eq!(hash_of(&stores, "ann").await, Some(first.password_hash));
    assert_eq!(hash_of(&stores, "other@example.org").await, None);
    assert_eq!(stores.users.find_by_id(second.user.id).await.unwrap(), None);
}

pub(crate) async fn a_taken_email_is_refused_and_nothing_changes(stores: Stores) {
    let first = account("ann", "ann@example.org");
    stores.users.insert(&first).await.unwrap();
    let second = account("bob", "Ann@Example.org");
    assert_eq!(stores.users.insert(&second).await.unwrap(), InsertOutcome::EmailTaken);
    assert_eq!(hash_of(&stores, "ann@example.org").await, Some(first.password_hash));
    assert_eq!(hash_of(&stores, "bob").await, None);
}

pub(crate) async fn of_racing_sign_ups_of_one_name_one_wins(stores: Stores) {
    let users = &stores.users;
    let mut racers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let users = users.clone();
        let spelled = if n % 2 == 0 { "ann" } else { "Ann" };
        let racer = account(spelled, &format!("ann{n}@example.org"));
        racers.spawn(async move { (users.insert(&racer).await.unwrap(), racer) });
    }
    let outcomes = racers.join_all().await;
    let mut winners = outcomes.iter().filter(|(outcome, _)| *outcome == InsertOutcome::Inserted);
    let (_, winner) = winners.next().unwrap();
    assert_eq!(winners.next(), None);
    let lost = outcomes.iter().filter(|(outcome, _)| *outcome == InsertOutcome::UsernameTaken).count();
    assert_eq!(lost, 19);
    assert_eq!(hash_of(&stores, "ann").await.as_ref(), Some(&winner.password_hash));
}

pub(crate) async fn values_at_the_extremes_come_back_as_they_were(stores: Stores) {
    let domain = format!("{}.{}.{}.org", "d".repeat(63), "e".repeat(63), "f".repeat(57));
    let mut longest = account(&"X".repeat(32), &format!("{}@{domain}", "a".repeat(64)));
    longest.user.display_name = DisplayName::parse(&"😀".repeat(64)).unwrap();
    longest.user.bio = Bio::parse(&format!("'\";--\n\\{}", "\u{1F680}".repeat(493))).unwrap();
    longest.user.status_text = StatusText::parse(&"\u{10FFFF}".repeat(140)).unwrap();
    longest.user.avatar_url = AvatarUrl::parse(&format!("https://example.org/{}", "ü".repeat(1_014))).ok();
    longest.user.language = Language::parse("en-a-bbb-ccc-ddd-eee-fff-ggg-hhh-ii").ok();
    longest.user.time_zone = TimeZone::parse(&"Z".repeat(64)).ok();
    longest.user.profile_version = i64::MAX as u64;
    longest.user.created_at = Timestamp::from_millis(i64::MAX);
    longest.user.disabled_at = Some(Timestamp::from_millis(0));
    let mut shortest = account("a_.", "ö@例え.jp");
    shortest.user.created_at = Timestamp::from_millis(0);
    for extreme in [longest, shortest] {
        assert_eq!(stores.users.insert(&extreme).await.unwrap(), InsertOutcome::Inserted);
        let by_name = Login::parse(extreme.user.username.as_str()).unwrap();
        let by_address = Login::parse(extreme.user.email.as_str()).unwrap();
        assert_eq!(stores.users.find_by_login(&by_name).await.unwrap().as_ref(), Some(&extreme));
        assert_eq!(stores.users.find_by_login(&by_address).await.unwrap().as_ref(), Some(&extreme));
    }
}

pub(crate) async fn a_hash_is_replaced_only_where_it_is_the_old_one(stores: Stores) {
    let ann = account("ann", "ann@example.org");
    let bob = account("bob", "bob@example.org");
    stores.users.insert(&ann).await.unwrap();
    stores.users.insert(&bob).await.unwrap();
    let new = PasswordHash::from_phc(format!("made at {}", at(1)));
    stores.users.replace_hash(ann.user.id, &new, &bob.password_hash).await.unwrap();
    assert_eq!(hash_of(&stores, "ann").await.as_ref(), Some(&ann.password_hash), "it was not the old one");
    stores.users.replace_hash(ann.user.id, &ann.password_hash, &new).await.unwrap();
    assert_eq!(hash_of(&stores, "ann").await, Some(new));
    assert_eq!(hash_of(&stores, "bob").await, Some(bob.password_hash));
}

pub(crate) async fn a_profile_is_replaced_and_the_rest_of_the_account_stays(stores: Stores) {
    let (ann, bob) = (account("ann", "ann@example.org"), account("bob", "bob@example.org"));
    stores.users.insert(&ann).await.unwrap();
    stores.users.insert(&bob).await.unwrap();
    let full = User {
        display_name: DisplayName::parse("Ann B.").unwrap(),
        bio: Bio::parse("one\ntwo").unwrap(),
        avatar_url: AvatarUrl::parse("https://example.org/a.png").ok(),
        status_text: StatusText::parse("out").unwrap(),
        language: Language::parse("de").ok(),
        time_zone: TimeZone::parse("UTC").ok(),
        ..changed(&ann.user)
    };
    assert_eq!(stores.users.replace_profile(&full, &message(1), at(1)).await.unwrap(), ReplaceOutcome::Replaced);
    assert_eq!(stores.users.find_by_id(ann.user.id).await.unwrap().as_ref(), Some(&full));
    let bare =
        User { bio: None, avatar_url: None, status_text: None, language: None, time_zone: None, ..changed(&full) };
    assert_eq!(stores.users.replace_profile(&bare, &message(2), at(2)).await.unwrap(), ReplaceOutcome::Replaced);
    assert_eq!(stores.users.find_by_id(ann.user.id).await.unwrap(), Some(bare));
    assert_eq!(hash_of(&stores, "ann").await, Some(ann.password_hash));
    assert_eq!(stores.users.find_by_id(bob.user.id).await.unwrap(), Some(bob.user));
}

pub(crate) async fn a_profile_of_another_version_is_left_alone(stores: Stores) {
    let ann = account("ann", "ann@example.org");
    stores.users.insert(&ann).await.unwrap();
    let ahead = changed(&changed(&ann.user));
    let stranger = changed(&account("bob", "bob@example.org").user);
    for wrong in [&ann.user, &ahead, &stranger] {
        let outcome = stores.users.replace_profile(wrong, &message(1), at(1)).await.unwrap();
        assert_eq!(outcome, ReplaceOutcome::Stale, "{wrong:?}");
    }
    assert_eq!(stores.users.find_by_id(ann.user.id).await.unwrap(), Some(ann.user));
    assert_eq!(stores.outbox.next(10).await.unwrap(), []);
}

pub(crate) async fn of_racing_changes_of_one_version_one_is_made(stores: Stores) {
    let ann = account("ann", "ann@example.org");
    stores.users.insert(&ann).await.unwrap();
    let mut racers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let users = stores.users.clone();
        let racer = User { bio: Bio::parse(&format!("racer {n}")).unwrap(), ..changed(&ann.user) };
        racers.spawn(async move { (users.replace_profile(&racer, &message(n), at(1)).await.unwrap(), n, racer) });
    }
    let mut outcomes = racers.join_all().await;
    outcomes.retain(|(outcome, ..)| *outcome == ReplaceOutcome::Replaced);
    let [(_, winner, made)] = outcomes.try_into().expect("one wins");
    assert_eq!(stores.users.find_by_id(ann.user.id).await.unwrap(), Some(made));
    let told: Vec<_> = stores.outbox.next(30).await.unwrap().into_iter().map(|waiting| waiting.message).collect();
    assert_eq!(told, [message(winner)]);
}
