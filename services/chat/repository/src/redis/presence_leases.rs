//! Presence that all nodes share.

use std::time::Duration;

use async_trait::async_trait;
use chat_entity::PresenceStatus;
use chat_usecase::port::{LONGEST_LEASE, Lease, Presence, PresenceLeases};
use database::redis::Redis;
use kernel::{ConnectionId, Timestamp, UserId};
use redis::Script;

/// Notes a lease in its user's hash: connection → when it ends by Redis's clock, and the status. What has ended is
/// removed on the way, so that a user's hash stays as small as the number of connections.
const RENEW: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('SET', KEYS[2], now, 'NX')
local leases = redis.call('HGETALL', KEYS[1])
for at = 1, #leases, 2 do
  if tonumber(string.match(leases[at + 1], '^%d+')) <= now then redis.call('HDEL', KEYS[1], leases[at]) end
end
local lasts = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + lasts) .. ':' .. ARGV[2])
if redis.call('PTTL', KEYS[1]) < lasts then redis.call('PEXPIRE', KEYS[1], lasts) end
return 1";

/// The greatest status of each user's leases, 0 for none; and before them for how many milliseconds Redis has not lost
/// any: since when it has known a time that it never forgets unless it forgets everything.
const PRESENT: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local since = KEYS[1]
redis.call('SET', since, now, 'NX')
local found = {math.max(now - redis.call('GET', since), 0)}
for user = 2, #KEYS do
  local greatest = 0
  for _, lease in ipairs(redis.call('HVALS', KEYS[user])) do
    local ends, status = string.match(lease, '^(%d+):(%d)$')
    if tonumber(ends) > now then greatest = math.max(greatest, tonumber(status)) end
  end
  found[user] = greatest
end
return found";

/// Keeps leases in Redis. After it was emptied or was in trouble, nobody is said to be absent for as long as a lease can
/// last: by then every node has renewed its own.
pub struct RedisPresenceLeases {
    redis: Redis,
    unsettled: Duration,
    renew: Script,
    present: Script,
}

impl RedisPresenceLeases {
    /// Uses this Redis.
    pub fn new(redis: Redis) -> Self {
        Self::settled_after(redis, LONGEST_LEASE)
    }

    /// The same, with another time until everything is believed to be renewed. A shorter one is for tests.
    pub fn settled_after(redis: Redis, unsettled: Duration) -> Self {
        Self { redis, unsettled, renew: Script::new(RENEW), present: Script::new(PRESENT) }
    }

    fn of_user(&self, user: UserId) -> String {
        self.redis.key("presence", user)
    }

    fn since(&self) -> String {
        self.redis.key("presence", "since")
    }
}

#[async_trait]
impl PresenceLeases for RedisPresenceLeases {
    async fn renew(&self, lease: Lease, now: Timestamp) {
        let lasts = u64::try_from(lease.until.since(now).min(LONGEST_LEASE).as_millis()).unwrap_or(u64::MAX);
        if lasts == 0 {
            return self.end(lease.user, lease.connection).await;
        }
        let mut script = self.renew.prepare_invoke();
        script.key(self.of_user(lease.user)).key(self.since());
        script.arg(lease.connection.to_string()).arg(written(lease.status)).arg(lasts);
        let _ = self.redis.run_script::<u8>(&script).await;
    }

    async fn end(&self, user: UserId, connection: ConnectionId) {
        let mut command = redis::cmd("HDEL");
        command.arg(self.of_user(user)).arg(connection.to_string());
        let _ = self.redis.run::<u8>(&command).await;
    }

    async fn present(&self, users: &[UserId], _now: Timestamp) -> Vec<Presence> {
        let mut script = self.present.prepare_invoke();
        script.key(self.since());
        for user in users {
            script.key(self.of_user(*user));
        }
        let Ok(found) = self.redis.run_script::<Vec<u64>>(&script).await else {
            return vec![Presence::Unknown; users.len()];
        };
        let kept_for = Duration::from_millis(found.first().copied().unwrap_or(0));
        // While Redis hung, leases have ended that their nodes could not renew.
        let settled = kept_for >= self.unsettled && self.redis.calm_for(self.unsettled);
        let presence = |status: Option<&u64>| match status.copied().and_then(read) {
            Some(status) => Presence::Here(status),
            None if settled => Presence::Absent,
            None => Presence::Unknown,
        };
        (1..=users.len()).map(|place| presence(found.get(place))).collect()
    }
}

/// The greater the status, the greater the number.
const fn written(status: PresenceStatus) -> u8 {
    match status {
        PresenceStatus::Away => 1,
        PresenceStatus::Online => 2,
        PresenceStatus::Dnd => 3,
    }
}

const fn read(number: u64) -> Option<PresenceStatus> {
    match number {
        1 => Some(PresenceStatus::Away),
        2 => Some(PresenceStatus::Online),
        3 => Some(PresenceStatus::Dnd),
        _ => None,
    }
}
