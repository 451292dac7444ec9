//! What a throttle of sign-ins must do; the factories let five attempts pass.

use std::sync::Arc;
use std::time::Duration;

use auth_entity::Login;
use auth_usecase::ports::SignInThrottle;
use limit::Decision;

use crate::samples::at;
use crate::stores;

crate::suite!(sign_in_throttle on memory from super::stores::memory_throttle:
    the_sixth_attempt_waits_and_other_logins_do_not
    a_success_forgets_the_attempts
    of_racing_attempts_only_the_free_ones_pass
);

fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

pub(crate) async fn the_sixth_attempt_waits_and_other_logins_do_not(throttle: Arc<dyn SignInThrottle>) {
    for _ in 0..5 {
        assert_eq!(throttle.attempt(&login("ann"), at(0)).await, Decision::Allowed);
    }
    let waits = Decision::Refused { retry_after: Duration::from_secs(1) };
    assert_eq!(throttle.attempt(&login("ANN"), at(0)).await, waits);
    assert_eq!(throttle.attempt(&login("bob"), at(0)).await, Decision::Allowed);
    assert_eq!(throttle.attempt(&login("ann"), at(1)).await, Decision::Allowed);
}

pub(crate) async fn a_success_forgets_the_attempts(throttle: Arc<dyn SignInThrottle>) {
    for _ in 0..5 {
        throttle.attempt(&login("ann"), at(0)).await;
    }
    throttle.succeeded(&login("ann")).await;
    assert_eq!(throttle.attempt(&login("ann"), at(0)).await, Decision::Allowed);
}

pub(crate) async fn of_racing_attempts_only_the_free_ones_pass(throttle: Arc<dyn SignInThrottle>) {
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let throttle = throttle.clone();
        racers.spawn(async move { throttle.attempt(&login("ann"), at(0)).await });
    }
    let passed = racers.join_all().await.into_iter().filter(|decision| *decision == Decision::Allowed).count();
    assert_eq!(passed, 5);
}
