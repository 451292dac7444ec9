//! What signing in must do, and above all what it must not.

use super::*;
use crate::mocks::{self, Mocks};
use crate::ports::Fence;
use auth_entity::PasswordHash;
use kernel::{SessionId, Timestamp};
use std::net::Ipv4Addr;

fn request() -> SignIn {
    SignIn {
        login: Login::parse("ann").unwrap(),
        password: PasswordAttempt::new("a fine long one".to_owned()).unwrap(),
        device: None,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

fn account() -> Account {
    Account { user: mocks::user(), password_hash: mocks::hash() }
}

/// A store that knows `found`, asked exactly once, and a hasher that says `verdict`, asked exactly once about `hash`.
fn expecting(found: Option<Account>, hash: PasswordHash, verdict: Verdict) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.throttle.expect_attempt().times(1).returning(|_, _| Decision::Allowed);
    mocks.users.expect_find_by_login().times(1).return_once(move |_| Ok(found));
    mocks.hasher.expect_decoy().returning(|| PasswordHash::from_phc("decoy".to_owned()));
    mocks.hasher.expect_verify().times(1).withf(move |_, asked| *asked == hash).returning(move |_, _| Ok(verdict));
    mocks
}

#[tokio::test]
async fn the_right_password_begins_a_session_that_is_stored_before_the_answer() {
    let mut mocks = expecting(Some(account()), mocks::hash(), Verdict::Right { outdated: false });
    let mut order = mockall::Sequence::new();
    mocks.throttle.expect_succeeded().times(1).return_const(());
    mocks.access_tokens.expect_mint().times(1).returning(|_, _, _| Ok(mocks::access_token()));
    mocks.refresh_tokens.expect_seal().times(1).withf(|token| token.generation == 0).return_const("r".to_owned());
    let unknown = Liveness::Unknown(mocks::fence());
    mocks.live_sessions.expect_lookup().times(1).in_sequence(&mut order).return_const(unknown);
    mocks.sessions.expect_open().times(1).in_sequence(&mut order).returning(|_| Ok(()));
    let fenced = |_: &SessionId, fence: &Fence, _: &Timestamp, _: &Timestamp| *fence == mocks::fence();
    mocks.live_sessions.expect_fill().times(1).in_sequence(&mut order).withf(fenced).return_const(());
    let signed_in = mocks.auth().sign_in(request()).await.unwrap();
    assert_eq!(signed_in.tokens.session.user_id, signed_in.user.id);
    assert_eq!(signed_in.tokens.refresh_token, "r");
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_make_the_same_calls_and_give_the_same_answer() {
    let decoy = PasswordHash::from_phc("decoy".to_owned());
    // A hasher that would call the decoy right must not open a door either.
    for verdict in [Verdict::Wrong, Verdict::Right { outdated: false }] {
        let unknown = expecting(None, decoy.clone(), verdict);
        let error = unknown.auth().sign_in(request()).await.unwrap_err();
        assert!(matches!(error, SignInError::InvalidCredentials), "{error}");
    }
    let wrong = expecting(Some(account()), mocks::hash(), Verdict::Wrong);
    let error = wrong.auth().sign_in(request()).await.unwrap_err();
    assert!(matches!(error, SignInError::InvalidCredentials), "{error}");
}

#[tokio::test]
async fn a_disabled_account_is_told_only_to_who_knows_the_password() {
    let mut disabled = account();
    disabled.user.disabled_at = Some(mocks::now());
    let wrong = expecting(Some(disabled.clone()), mocks::hash(), Verdict::Wrong);
    assert!(matches!(wrong.auth().sign_in(request()).await, Err(SignInError::InvalidCredentials)));

    let mut right = expecting(Some(disabled), mocks::hash(), Verdict::Right { outdated: false });
    right.throttle.expect_succeeded().return_const(());
    assert!(matches!(right.auth().sign_in(request()).await, Err(SignInError::AccountDisabled)));
}

#[tokio::test]
async fn a_limit_by_address_or_account_refuses_before_anything_is_looked_up() {
    let by_address = Mocks::refusing();
    assert!(matches!(by_address.auth().sign_in(request()).await, Err(SignInError::RateLimited { .. })));

    let mut by_account = Mocks::default();
    let retry_after = Duration::from_secs(7);
    by_account.throttle.expect_attempt().returning(move |_, _| Decision::Refused { retry_after });
    let error = by_account.auth().sign_in(request()).await.unwrap_err();
    assert!(matches!(error, SignInError::RateLimited { retry_after: told } if told == retry_after), "{error}");
}

#[tokio::test]
async fn an_outdated_hash_is_renewed_and_failing_to_turns_nobody_away() {
    for stored in [true, false] {
        let mut mocks = expecting(Some(account()), mocks::hash(), Verdict::Right { outdated: true });
        mocks.throttle.expect_succeeded().return_const(());
        mocks.hasher.expect_rehash().times(1).returning(|_| Ok(PasswordHash::from_phc("new".to_owned())));
        mocks
            .users
            .expect_replace_hash()
            .times(1)
            .withf(|_, old, new| *old == mocks::hash() && new.as_phc() == "new")
            .returning(move |_, _, _| if stored { Ok(()) } else { Err(StoreError::Overloaded) });
        mocks.access_tokens.expect_mint().returning(|_, _, _| Ok(mocks::access_token()));
        mocks.refresh_tokens.expect_seal().return_const(String::new());
        mocks.sessions.expect_open().returning(|_| Ok(()));
        mocks.live_sessions.expect_lookup().return_const(Liveness::Unknown(mocks::fence()));
        mocks.live_sessions.expect_fill().return_const(());
        assert!(mocks.auth().sign_in(request()).await.is_ok());
    }
}

#[tokio::test]
async fn a_session_that_could_not_be_stored_is_neither_cached_nor_given_out() {
    let mut mocks = expecting(Some(account()), mocks::hash(), Verdict::Right { outdated: false });
    mocks.throttle.expect_succeeded().return_const(());
    mocks.access_tokens.expect_mint().returning(|_, _, _| Ok(mocks::access_token()));
    mocks.refresh_tokens.expect_seal().return_const(String::new());
    mocks.live_sessions.expect_lookup().return_const(Liveness::Unknown(mocks::fence()));
    mocks.sessions.expect_open().times(1).returning(|_| Err(StoreError::Unavailable("gone".into())));
    assert!(matches!(mocks.auth().sign_in(request()).await, Err(SignInError::Store(_))));
}

#[tokio::test]
async fn a_key_that_cannot_sign_leaves_no_session_behind() {
    let mut mocks = expecting(Some(account()), mocks::hash(), Verdict::Right { outdated: false });
    mocks.throttle.expect_succeeded().return_const(());
    mocks.access_tokens.expect_mint().returning(|_, _, _| Err("broken".into()));
    assert!(matches!(mocks.auth().sign_in(request()).await, Err(SignInError::Unexpected(_))));
}

#[tokio::test]
async fn a_full_hasher_is_told_as_overload() {
    let mut mocks = Mocks::default();
    mocks.throttle.expect_attempt().returning(|_, _| Decision::Allowed);
    mocks.users.expect_find_by_login().return_once(|_| Ok(Some(account())));
    mocks.hasher.expect_verify().returning(|_, _| Err(HashError::Overloaded));
    assert!(matches!(mocks.auth().sign_in(request()).await, Err(SignInError::Overloaded)));
}
