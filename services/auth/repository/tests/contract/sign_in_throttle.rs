//! What a throttle of sign-ins must do; the factories let five attempts pass.

use std::time::Duration;

use auth_entity::Login;
use auth_repository::redis::RedisSignInThrottle;
use auth_usecase::ports::SignInThrottle;
use limit::Decision;
use testkit::{RedisServer, Turned};

use crate::samples::at;
use crate::{nodes, stores};

type Throttle = Turned<dyn SignInThrottle>;

macro_rules! on_each {
    ($($case:ident)*) => {
        crate::suite!(sign_in_throttle on memory from super::stores::memory_throttle: $($case)*);
        crate::suite!(sign_in_throttle on redis from super::nodes::redis_throttle: $($case)*);
    };
}

on_each!(
    the_sixth_attempt_waits_and_other_logins_do_not
    each_attempt_waits_twice_as_long_up_to_thirty_seconds
    a_quiet_minute_forgets_the_attempts
    a_success_forgets_the_attempts
    of_racing_attempts_only_the_free_ones_pass
);

fn login(text: &str) -> Login {
    Login::parse(text).unwrap()
}

/// A wait of so many seconds. Redis's clock has gone on by a little since it began.
fn waits(decision: Decision, seconds: u64) -> bool {
    let (least, most) = (Duration::from_secs(seconds).mul_f64(0.5), Duration::from_secs(seconds));
    matches!(decision, Decision::Refused { retry_after } if retry_after > least && retry_after <= most)
}

pub(crate) async fn the_sixth_attempt_waits_and_other_logins_do_not(throttle: Throttle) {
    for _ in 0..5 {
        assert_eq!(throttle.attempt(&login("ann"), at(0)).await, Decision::Allowed);
    }
    assert!(waits(throttle.attempt(&login("ANN"), at(0)).await, 1));
    assert_eq!(throttle.attempt(&login("bob"), at(0)).await, Decision::Allowed);
    assert_eq!(throttle.attempt(&login("ann"), throttle.at(1).await).await, Decision::Allowed);
}

pub(crate) async fn each_attempt_waits_twice_as_long_up_to_thirty_seconds(throttle: Throttle) {
    for _ in 0..5 {
        throttle.attempt(&login("ann"), at(0)).await;
    }
    let mut seconds = 0;
    for delay in [1, 2, 4, 8, 16, 30, 30] {
        let refused = throttle.attempt(&login("ann"), at(seconds)).await;
        assert!(waits(refused, delay), "{refused:?} instead of {delay} s");
        seconds += delay;
        assert_eq!(throttle.attempt(&login("ann"), throttle.at(seconds).await).await, Decision::Allowed);
    }
}

pub(crate) async fn a_quiet_minute_forgets_the_attempts(throttle: Throttle) {
    for _ in 0..5 {
        throttle.attempt(&login("ann"), at(0)).await;
    }
    assert!(waits(throttle.attempt(&login("ann"), at(0)).await, 1));
    let later = throttle.at(60).await;
    for _ in 0..5 {
        assert_eq!(throttle.attempt(&login("ann"), later).await, Decision::Allowed);
    }
}

pub(crate) async fn a_success_forgets_the_attempts(throttle: Throttle) {
    for _ in 0..5 {
        throttle.attempt(&login("ann"), at(0)).await;
    }
    throttle.succeeded(&login("ann")).await;
    assert_eq!(throttle.attempt(&login("ann"), at(0)).await, Decision::Allowed);
}

pub(crate) async fn of_racing_attempts_only_the_free_ones_pass(throttle: Throttle) {
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let throttle = throttle.port.clone();
        racers.spawn(async move { throttle.attempt(&login("ann"), at(0)).await });
    }
    let passed = racers.join_all().await.into_iter().filter(|decision| *decision == Decision::Allowed).count();
    assert_eq!(passed, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_node_counts_by_itself_and_lets_no_flood_pass() {
    let server = RedisServer::start().await;
    let redis = nodes::connected(&server, &nodes::prefix()).await;
    let throttle = RedisSignInThrottle::new(redis.clone(), 5);
    server.pause().await;
    testkit::until("Redis is known to be away", async || (!redis.is_available()).then_some(())).await;
    let mut passed = 0;
    for _ in 0..100 {
        passed += usize::from(throttle.attempt(&login("ann"), at(0)).await == Decision::Allowed);
    }
    assert_eq!(passed, 5);
    throttle.succeeded(&login("ann")).await;
    assert_eq!(throttle.attempt(&login("ann"), at(0)).await, Decision::Allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_does_not_learn_what_was_typed() {
    let (server, prefix) = (RedisServer::shared().await, nodes::prefix());
    let redis = nodes::connected(server, &prefix).await;
    let throttle = RedisSignInThrottle::new(redis.clone(), 5);
    throttle.attempt(&login("ann@example.org"), at(0)).await;
    let keys: Vec<String> = redis.run(::redis::cmd("KEYS").arg(format!("{prefix}:*"))).await.unwrap();
    let ours: Vec<_> = keys.iter().filter(|key| !key.ends_with(":probe")).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    assert!(!ours[0].contains("ann"), "{ours:?}");
}
