//! The contract of limiters, on the local one and on the one that nodes share, and what happens when they cannot.

use std::sync::Arc;
use std::time::Duration;

use database::redis::RedisLimiter;
use limit::{Decision, LocalLimiter, RateLimiter, Rule};
use redis::cmd;
use testkit::{RedisServer, until};
use tokio::task::JoinSet;

use crate::{away, connected, prefix};

const HOUR: Duration = Duration::from_secs(3_600);

/// Runs each case on a fresh limiter of each kind.
macro_rules! suite {
    ($($case:ident)*) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(super::local_limiter().await).await;
            })*
        }
        mod shared {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(super::shared_limiter().await).await;
            })*
        }
    };
}

suite!(
    the_burst_passes_and_one_more_is_told_when_to_return
    keys_and_rules_do_not_share_an_allowance
    what_is_refused_is_not_counted_and_waiting_helps
    of_racing_actions_only_the_burst_passes
    a_rule_may_be_as_fast_or_as_slow_as_one_likes
    any_text_is_a_key
);

async fn local_limiter() -> Arc<dyn RateLimiter> {
    Arc::new(LocalLimiter::new())
}

async fn shared_limiter() -> Arc<dyn RateLimiter> {
    Arc::new(RedisLimiter::new(connected(RedisServer::shared().await, &prefix()).await))
}

fn wait(decision: Decision) -> Duration {
    match decision {
        Decision::Refused { retry_after } => retry_after,
        Decision::Allowed => panic!("it was allowed"),
    }
}

async fn the_burst_passes_and_one_more_is_told_when_to_return(limiter: Arc<dyn RateLimiter>) {
    let rule = Rule::with_burst("test", 2, HOUR, 3);
    for _ in 0..3 {
        assert_eq!(limiter.check(&rule, "a").await, Decision::Allowed);
    }
    let retry_after = wait(limiter.check(&rule, "a").await);
    assert!(retry_after > HOUR / 3 && retry_after <= HOUR / 2, "{retry_after:?}");
}

async fn keys_and_rules_do_not_share_an_allowance(limiter: Arc<dyn RateLimiter>) {
    let (one, other) = (Rule::new("one", 1, HOUR), Rule::new("other", 1, HOUR));
    for (rule, key) in [(&one, "a"), (&one, "b"), (&other, "a")] {
        assert_eq!(limiter.check(rule, key).await, Decision::Allowed);
    }
    assert!(wait(limiter.check(&one, "a").await) > Duration::ZERO);
}

async fn what_is_refused_is_not_counted_and_waiting_helps(limiter: Arc<dyn RateLimiter>) {
    // Half a second each. Whoever asks all the time gets in all the same, and as soon.
    let rule = Rule::new("test", 2, Duration::from_secs(1));
    let mut waits = Vec::new();
    let ask = async || limiter.check(&rule, "a").await;
    while let Decision::Allowed = ask().await {}
    until("one more is allowed", async || match ask().await {
        Decision::Allowed => Some(()),
        Decision::Refused { retry_after } => {
            assert!(retry_after <= Duration::from_millis(500), "{retry_after:?}");
            None
        }
    })
    .await;
    waits.push(wait(ask().await));
    assert!(waits[0] <= Duration::from_millis(500), "{waits:?}");
}

async fn of_racing_actions_only_the_burst_passes(limiter: Arc<dyn RateLimiter>) {
    let rule = Rule::with_burst("test", 1, HOUR, 5);
    let mut racers = JoinSet::new();
    for _ in 0..50 {
        let limiter = Arc::clone(&limiter);
        racers.spawn(async move { limiter.check(&rule, "a").await });
    }
    let passed = racers.join_all().await.into_iter().filter(|decision| *decision == Decision::Allowed).count();
    assert_eq!(passed, 5);
}

async fn a_rule_may_be_as_fast_or_as_slow_as_one_likes(limiter: Arc<dyn RateLimiter>) {
    let fast = Rule::new("fast", u32::MAX, Duration::from_secs(1));
    let slow = Rule::with_burst("slow", 1, Duration::from_secs(u64::from(u32::MAX)), 1);
    for _ in 0..3 {
        assert_eq!(limiter.check(&fast, "a").await, Decision::Allowed);
    }
    assert_eq!(limiter.check(&slow, "a").await, Decision::Allowed);
    assert!(wait(limiter.check(&slow, "a").await) > HOUR);
}

async fn any_text_is_a_key(limiter: Arc<dyn RateLimiter>) {
    let rule = Rule::new("test", 1, HOUR);
    for key in ["", " ", "a:b", "ä\0\r\n", &"x".repeat(10_000)] {
        assert_eq!(limiter.check(&rule, key).await, Decision::Allowed);
        assert!(wait(limiter.check(&rule, key).await) > Duration::ZERO);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_count_together() {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let one = RedisLimiter::new(connected(server, &prefix).await);
    let other = RedisLimiter::new(connected(server, &prefix).await);
    let rule = Rule::new("test", 2, HOUR);
    for node in [&one, &other] {
        assert_eq!(node.check(&rule, "a").await, Decision::Allowed);
    }
    for node in [&one, &other] {
        assert!(wait(node.check(&rule, "a").await) > Duration::ZERO);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_lasts_as_long_as_it_says_something() {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let redis = connected(server, &prefix).await;
    let limiter = RedisLimiter::new(redis.clone());
    let rule = Rule::new("test", 4, HOUR);
    for used in 1..=4 {
        assert_eq!(limiter.check(&rule, "a").await, Decision::Allowed);
        let lasts: u64 = redis.run(cmd("PTTL").arg(redis.key("limit", "test:a"))).await.unwrap();
        let full = u64::try_from((HOUR / 4 * used).as_millis()).unwrap();
        assert!(lasts <= full + 1 && lasts > full - 60_000, "{lasts} ms after {used}");
    }
    server.age(&prefix, HOUR + Duration::from_secs(1)).await;
    assert_eq!(redis.run::<u8>(cmd("EXISTS").arg(redis.key("limit", "test:a"))).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_locks_nobody_out() {
    let redis = connected(RedisServer::shared().await, &prefix()).await;
    let limiter = RedisLimiter::new(redis.clone());
    let rule = Rule::new("test", 1, HOUR);
    // What was written before Redis's clock was set back by some centuries.
    redis.run::<()>(cmd("SET").arg(redis.key("limit", "test:a")).arg("9000000000000000")).await.unwrap();
    assert_eq!(limiter.check(&rule, "a").await, Decision::Allowed);
    assert!(wait(limiter.check(&rule, "a").await) <= HOUR);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_node_counts_by_itself_and_lets_no_flood_pass() {
    let server = RedisServer::start().await;
    let redis = connected(&server, &prefix()).await;
    let limiter = RedisLimiter::new(redis.clone());
    let rule = Rule::with_burst("test", 1, HOUR, 3);
    assert_eq!(limiter.check(&rule, "a").await, Decision::Allowed);
    server.kill().await;
    away(&redis).await;
    let mut passed = 0;
    for _ in 0..100 {
        passed += usize::from(limiter.check(&rule, "a").await == Decision::Allowed);
    }
    assert_eq!(passed, 3);
}
