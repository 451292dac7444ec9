//! What a store of sessions must do.

use std::net::{IpAddr, Ipv6Addr};

use auth_entity::{Device, Session};
use auth_usecase::ports::{EndOutcome, KnownSession, RotateOutcome};
use kernel::{SessionId, Timestamp};

use crate::samples::{account, at, session, session_of};
use crate::stores::Stores;
use crate::{stores, two_nodes};

macro_rules! on_each {
    ($($case:ident)*) => {
        crate::suite!(sessions on sqlite from super::stores::sqlite: $($case)*);
        crate::suite!(sessions on postgres from super::two_nodes::postgres: $($case)*);
    };
}

on_each!(
    a_session_is_found_as_it_was_opened
    many_sessions_are_found_at_once_and_unknown_ones_left_out
    the_current_generation_rotates_and_the_one_before_gives_the_same_successor
    a_token_that_comes_back_after_the_grace_ends_the_session
    a_token_that_was_never_given_out_changes_nothing
    a_session_that_is_over_does_not_rotate
    a_disabled_account_does_not_rotate
    of_racing_refreshes_of_one_generation_one_makes_the_successor
    of_racing_ends_one_ends_the_session
    an_end_and_a_refresh_that_race_leave_an_ended_session
    values_at_the_extremes_come_back_as_they_were
    a_session_of_nobody_is_not_opened
);

async fn found(stores: &Stores, id: SessionId) -> Session {
    stores.sessions.find(id).await.unwrap().unwrap().session
}

/// The generation that a rotation answered, and whether this call made it.
fn generation(outcome: RotateOutcome) -> (u32, bool) {
    match outcome {
        RotateOutcome::Rotated(found) => (found.0.refresh_generation, true),
        RotateOutcome::SameSuccessor(found) => (found.0.refresh_generation, false),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_session_is_found_as_it_was_opened(stores: Stores) {
    let session = session(&stores).await;
    let known = KnownSession { session: session.clone(), account_disabled: false };
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), Some(known));
    assert_eq!(stores.sessions.find(SessionId::new()).await.unwrap(), None);
}

pub(crate) async fn many_sessions_are_found_at_once_and_unknown_ones_left_out(stores: Stores) {
    let first = session(&stores).await;
    let mut bob = account("bob", "bob@example.org");
    bob.user.disabled_at = Some(at(0));
    stores.users.insert(&bob).await.unwrap();
    let second = session_of(&bob.user);
    stores.sessions.open(&second).await.unwrap();
    stores.sessions.end(second.id, at(5)).await.unwrap();

    let mut asked: Vec<SessionId> = (0..40_000).map(|_| SessionId::new()).collect();
    asked.extend([first.id, second.id, first.id]);
    let mut known = stores.sessions.find_many(&asked).await.unwrap();
    known.sort_by_key(|known| known.account_disabled);
    let ended = Session { ended_at: Some(at(5)), ..second };
    let live = KnownSession { session: first, account_disabled: false };
    assert_eq!(known, [live, KnownSession { session: ended, account_disabled: true }]);
    assert_eq!(stores.sessions.find_many(&[]).await.unwrap(), []);
}

pub(crate) async fn the_current_generation_rotates_and_the_one_before_gives_the_same_successor(stores: Stores) {
    let session = session(&stores).await;
    let rotate = |presented, now| stores.sessions.rotate(session.id, presented, now);
    let RotateOutcome::Rotated(first) = rotate(0, at(10)).await.unwrap() else { panic!("it did not rotate") };
    assert_eq!(first.0, session.clone().rotated(at(10)));
    assert_eq!(first.0, found(&stores, session.id).await, "the answer and the store disagree");
    assert_eq!(first.1.username.as_str(), "ann");
    assert_eq!(generation(rotate(0, at(70)).await.unwrap()), (1, false));
    assert_eq!(found(&stores, session.id).await, first.0, "repeating changed something");
    assert_eq!(generation(rotate(1, at(71)).await.unwrap()), (2, true));
    assert_eq!(generation(rotate(1, at(72)).await.unwrap()), (2, false));
}

pub(crate) async fn a_token_that_comes_back_after_the_grace_ends_the_session(stores: Stores) {
    let session = session(&stores).await;
    stores.sessions.rotate(session.id, 0, at(10)).await.unwrap();
    assert_eq!(stores.sessions.rotate(session.id, 0, at(71)).await.unwrap(), RotateOutcome::Reused);
    assert_eq!(found(&stores, session.id).await.ended_at, Some(at(71)));
    for generation in [0, 1, 2] {
        let outcome = stores.sessions.rotate(session.id, generation, at(72)).await.unwrap();
        assert_eq!(outcome, RotateOutcome::Over, "generation {generation}");
    }
    assert_eq!(stores.sessions.end(session.id, at(73)).await.unwrap(), EndOutcome::AlreadyOver);
}

pub(crate) async fn a_token_that_was_never_given_out_changes_nothing(stores: Stores) {
    let session = session(&stores).await;
    for generation in [1, u32::MAX] {
        let outcome = stores.sessions.rotate(session.id, generation, at(1)).await.unwrap();
        assert_eq!(outcome, RotateOutcome::Foreign);
    }
    assert_eq!(found(&stores, session.id).await, session);
    assert_eq!(stores.sessions.rotate(SessionId::new(), 0, at(1)).await.unwrap(), RotateOutcome::Foreign);
}

pub(crate) async fn a_session_that_is_over_does_not_rotate(stores: Stores) {
    let outlived = session(&stores).await;
    let too_late = outlived.expires_at();
    assert_eq!(stores.sessions.rotate(outlived.id, 0, too_late).await.unwrap(), RotateOutcome::Over);
    assert_eq!(found(&stores, outlived.id).await, outlived);
    assert_eq!(stores.sessions.end(outlived.id, at(1)).await.unwrap(), EndOutcome::Ended);
    assert_eq!(stores.sessions.rotate(outlived.id, 0, at(1)).await.unwrap(), RotateOutcome::Over);
}

pub(crate) async fn a_disabled_account_does_not_rotate(stores: Stores) {
    let mut bob = account("bob", "bob@example.org");
    bob.user.disabled_at = Some(at(0));
    stores.users.insert(&bob).await.unwrap();
    let session = session_of(&bob.user);
    stores.sessions.open(&session).await.unwrap();
    assert_eq!(stores.sessions.rotate(session.id, 0, at(1)).await.unwrap(), RotateOutcome::AccountDisabled);
    assert_eq!(found(&stores, session.id).await, session);
}

pub(crate) async fn of_racing_refreshes_of_one_generation_one_makes_the_successor(stores: Stores) {
    let session = session(&stores).await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let sessions = stores.sessions.clone();
        racers.spawn(async move { generation(sessions.rotate(session.id, 0, at(1)).await.unwrap()) });
    }
    let answers = racers.join_all().await;
    assert!(answers.iter().all(|(generation, _)| *generation == 1), "{answers:?}");
    assert_eq!(answers.iter().filter(|(_, made)| *made).count(), 1);
    assert_eq!(found(&stores, session.id).await.refresh_generation, 1);
}

pub(crate) async fn of_racing_ends_one_ends_the_session(stores: Stores) {
    let session = session(&stores).await;
    let mut racers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let sessions = stores.sessions.clone();
        racers.spawn(async move { sessions.end(session.id, at(n)).await.unwrap() });
    }
    let ended = racers.join_all().await.into_iter().filter(|outcome| *outcome == EndOutcome::Ended).count();
    assert_eq!(ended, 1);
    assert_eq!(stores.sessions.end(SessionId::new(), at(1)).await.unwrap(), EndOutcome::AlreadyOver);
}

pub(crate) async fn an_end_and_a_refresh_that_race_leave_an_ended_session(stores: Stores) {
    let session = session(&stores).await;
    let (ended, refreshed) =
        tokio::join!(stores.sessions.end(session.id, at(2)), stores.sessions.rotate(session.id, 0, at(2)));
    assert_eq!(ended.unwrap(), EndOutcome::Ended);
    assert!(matches!(refreshed.unwrap(), RotateOutcome::Rotated(_) | RotateOutcome::Over));
    assert_eq!(found(&stores, session.id).await.ended_at, Some(at(2)));
    assert_eq!(stores.sessions.rotate(session.id, 1, at(3)).await.unwrap(), RotateOutcome::Over);
}

pub(crate) async fn values_at_the_extremes_come_back_as_they_were(stores: Stores) {
    let ann = account("ann", "ann@example.org");
    stores.users.insert(&ann).await.unwrap();
    let last = Timestamp::from_millis(i64::MAX);
    let extreme = Session {
        device: Device::parse(&"😀".repeat(100)).unwrap(),
        address: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xffff)),
        created_at: Timestamp::from_millis(0),
        last_seen_at: last,
        refresh_generation: u32::MAX,
        rotated_at: Some(last),
        ended_at: Some(Timestamp::from_millis(0)),
        ..session_of(&ann.user)
    };
    stores.sessions.open(&extreme).await.unwrap();
    assert_eq!(found(&stores, extreme.id).await, extreme);
    let bare = Session { device: None, ..session_of(&ann.user) };
    stores.sessions.open(&bare).await.unwrap();
    assert_eq!(found(&stores, bare.id).await, bare);
}

pub(crate) async fn a_session_of_nobody_is_not_opened(stores: Stores) {
    let session = session_of(&account("ann", "ann@example.org").user);
    assert!(stores.sessions.open(&session).await.is_err());
    assert_eq!(stores.sessions.find(session.id).await.unwrap(), None);
}
