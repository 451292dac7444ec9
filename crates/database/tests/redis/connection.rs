//! The connection: what a caller sees while Redis is killed, stopped, full or slow, and that it heals by itself.

use std::time::Duration;

use database::redis::{Redis, RedisFault};
use redis::cmd;
use testkit::{RedisServer, until};
use tokio::task::JoinSet;

use crate::{available, away, begin, begin_with, connected, prefix};

async fn ping(redis: &Redis) -> Result<String, RedisFault> {
    redis.run(&cmd("PING")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_begin_with_the_prefix_and_an_answer_is_of_the_type_that_was_asked_for() {
    let redis = connected(RedisServer::shared().await, "a:b").await;
    let key = redis.key("kind", 7);
    assert_eq!(key, "a:b:kind:7");
    let mut commands = redis::pipe();
    commands.set(&key, 41).ignore().incr(&key, 1).del(&key).ignore();
    assert_eq!(redis.run_all::<(u32,)>(&commands).await.unwrap(), (42,));
    assert!(matches!(redis.run::<u32>(&cmd("PING")).await, Err(RedisFault::Failed(_))));
    assert!(redis.is_available(), "a caller's mistake says nothing about the connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_without_redis_and_finds_it_later() {
    let server = RedisServer::start().await;
    server.kill().await;
    let redis = begin(&server, &prefix());
    assert!(matches!(ping(&redis).await, Err(RedisFault::Away)));
    server.restart().await;
    available(&redis).await;
    assert_eq!(ping(&redis).await.unwrap(), "PONG");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_redis_is_noticed_without_a_command_and_used_again_when_it_is_back() {
    let server = RedisServer::start().await;
    let redis = connected(&server, &prefix()).await;
    let troubles = redis.troubles();
    server.kill().await;
    away(&redis).await;
    assert!(matches!(ping(&redis).await, Err(RedisFault::Away)));
    assert!(redis.troubles() > troubles && redis.away_for() > Duration::ZERO);
    server.restart().await;
    available(&redis).await;
    assert_eq!(ping(&redis).await.unwrap(), "PONG");
    assert_eq!(redis.away_for(), Duration::ZERO);
    assert!(!redis.calm_for(Duration::from_secs(3_600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_costs_a_caller_its_time_at_most_once() {
    let server = RedisServer::start().await;
    let redis = connected(&server, &prefix()).await;
    server.pause().await;
    let (mut late, mut at_once) = (0, 0);
    while at_once < 1_000 {
        match ping(&redis).await {
            Err(RedisFault::TimedOut) => late += 1,
            Err(RedisFault::Away) => at_once += 1,
            other => panic!("a stopped Redis said {other:?}"),
        }
    }
    assert!(late <= 1, "{late} commands of one caller were late");
    server.resume().await;
    available(&redis).await;
    assert_eq!(ping(&redis).await.unwrap(), "PONG");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_is_noticed_by_a_node_that_asks_nothing() {
    let server = RedisServer::start().await;
    let redis = connected(&server, &prefix()).await;
    server.pause().await;
    away(&redis).await;
    server.resume().await;
    available(&redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_takes_no_writes_counts_as_away() {
    let server = RedisServer::start().await;
    let (redis, operator) = (connected(&server, &prefix()).await, redis::Client::open(server.url()).unwrap());
    let mut operator = operator.get_multiplexed_async_connection().await.unwrap();
    let limit_memory = async |operator: &mut redis::aio::MultiplexedConnection, bytes: u64| {
        cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).exec_async(operator).await.unwrap();
    };
    limit_memory(&mut operator, 1).await;
    away(&redis).await;
    limit_memory(&mut operator, 0).await;
    available(&redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_their_way_are_bounded_and_one_too_many_is_refused_at_once() {
    let server = RedisServer::start().await;
    let redis = connected(&server, &prefix()).await;
    server.pause().await;
    let mut callers = JoinSet::new();
    for _ in 0..3_000 {
        let redis = redis.clone();
        callers.spawn(async move { ping(&redis).await });
    }
    let answers = callers.join_all().await;
    let late = answers.iter().filter(|answer| matches!(answer, Err(RedisFault::TimedOut))).count();
    assert!(late <= 1_024, "{late} were on their way");
    assert!(answers.iter().all(|answer| answer.is_err()));
    server.resume().await;
    available(&redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_ends_with_the_last_handle() {
    let server = RedisServer::start().await;
    let watcher = connected(&server, &prefix()).await;
    let connections = async || {
        let clients: String = watcher.run(cmd("CLIENT").arg("LIST")).await.unwrap();
        clients.lines().count()
    };
    let redis = connected(&server, &prefix()).await;
    let clone = redis.clone();
    until("both are connected", async || (connections().await == 2).then_some(())).await;
    drop(redis);
    assert_eq!(ping(&clone).await.unwrap(), "PONG");
    drop(clone);
    until("the other's connection is gone", async || (connections().await == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_redis_forgot_is_sent_again() {
    let server = RedisServer::start().await;
    let redis = begin_with(&server, &prefix(), Duration::from_secs(1));
    available(&redis).await;
    let script = redis::Script::new("return tonumber(ARGV[1]) + 1");
    for _ in 0..2 {
        assert_eq!(redis.run_script::<u32>(&script.arg(41)).await.unwrap(), 42);
        redis.run::<()>(cmd("SCRIPT").arg("FLUSH")).await.unwrap();
    }
}
