//! Presence that all nodes share.

use std::time::Duration;

use async_trait::async_trait;
use chat_entity::PresenceStatus;
use chat_usecase::port::{LONGEST_LEASE, Lease, Presence, PresenceChange, PresenceLeases};
use database::redis::Redis;
use kernel::{Timestamp, UserId};
use redis::Script;
use uuid::Uuid;

/// What the scripts share. A user's hash has for each connection when its lease ends by Redis's clock, and what it says;
/// `told`, what others were told; and `seen`, when a lease was last renewed. A sorted set has for each user when the first
/// of the leases ends: it says whom to look at, and who may be there. `look` removes what has ended, so that a hash stays
/// as small as the number of connections. The hash lasts longer than its leases, so that somebody can still tell that the
/// user has gone; when nobody does, it goes by itself.
///
/// What is said is 1 to 3 for a connection that has gone, and 4 to 6 for one that is open, so that the greatest counts.
const LOOK: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function written(number) return string.format('%.0f', number) end
local function look(key, ends, user)
  local greatest, told, seen, earliest = 0, 0, written(now), nil
  local fields = redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    local name, value = fields[at], fields[at + 1]
    if name == 'told' then told = tonumber(value)
    elseif name == 'seen' then seen = value
    else
      local till, said = string.match(value, '^(%d+):(%d)$')
      till = tonumber(till)
      if till <= now then redis.call('HDEL', key, name)
      else
        greatest = math.max(greatest, tonumber(said))
        earliest = math.min(earliest or till, till)
      end
    end
  end
  local status = greatest > 3 and greatest - 3 or greatest
  if status == 0 then
    redis.call('DEL', key)
    redis.call('ZREM', ends, user)
  else
    redis.call('ZADD', ends, written(earliest), user)
    if status ~= told then redis.call('HSET', key, 'told', status) end
  end
  return status, told, seen
end
";

/// Notes leases, and then looks at their users, at each once. ARGV: for how many milliseconds Redis must have kept
/// everything before what it does not know counts as not told; how long a hash lasts; and of each lease the user, the
/// connection, what it says, for how long, and whether it is news.
const RENEW: &str = "
local since, ends = KEYS[1], KEYS[2]
redis.call('SET', since, written(now), 'NX')
local settled = now - redis.call('GET', since) >= tonumber(ARGV[1])
local news = {}
for lease = 1, #KEYS - 2 do
  local key, at = KEYS[lease + 2], 5 * lease - 2
  local lasts = tonumber(ARGV[at + 3])
  if lasts == 0 then redis.call('HDEL', key, ARGV[at + 1])
  else redis.call('HSET', key, ARGV[at + 1], written(now + lasts) .. ':' .. ARGV[at + 2]) end
  redis.call('HSET', key, 'seen', written(now))
  redis.call('PEXPIRE', key, ARGV[2])
  if ARGV[at + 4] == '1' then news[key] = true end
end
local changed, looked = {}, {}
for lease = 1, #KEYS - 2 do
  local key, user = KEYS[lease + 2], ARGV[5 * lease - 2]
  if not looked[key] then
    looked[key] = true
    local status, told, seen = look(key, ends, user)
    if status ~= told and (settled or news[key]) then
      for _, word in ipairs({user, tostring(status), seen}) do changed[#changed + 1] = word end
    end
  end
end
return changed";

/// Looks at those of whom a lease has ended, at most ARGV[2]; ARGV[1] is what their keys begin with. Who is in the set was
/// told to be there: when even the hash has gone, so has the user.
const TAKE_ENDED: &str = "
local ends, taken = KEYS[1], {}
for _, user in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', written(now), 'LIMIT', 0, ARGV[2])) do
  local status, told, seen = look(ARGV[1] .. user, ends, user)
  if status == 0 or status ~= told then
    for _, word in ipairs({user, tostring(status), seen}) do taken[#taken + 1] = word end
  end
end
return taken";

/// The greatest status of each user's leases, 0 for none; and before them for how many milliseconds Redis has not lost
/// any: since when it has known a time that it never forgets unless it forgets everything.
const PRESENT: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local since = KEYS[1]
redis.call('SET', since, string.format('%.0f', now), 'NX')
local found = {math.max(now - redis.call('GET', since), 0)}
for user = 2, #KEYS do
  local greatest = 0
  for _, lease in ipairs(redis.call('HVALS', KEYS[user])) do
    local till, said = string.match(lease, '^(%d+):(%d)$')
    if till and tonumber(till) > now then greatest = math.max(greatest, tonumber(said)) end
  end
  found[user] = greatest > 3 and greatest - 3 or greatest
end
return found";

/// Milliseconds that Redis's clock never reaches, and that a number of its scripts holds exactly.
const NEVER: u64 = 1 << 52;
/// How long what was told of a user outlasts the last renewal.
const KEPT: Duration = LONGEST_LEASE.saturating_mul(3);

/// Keeps leases in Redis. After it was emptied or was in trouble, nobody is said to be absent for as long as a lease can
/// last: by then every node has renewed its own.
pub struct RedisPresenceLeases {
    redis: Redis,
    unsettled: Duration,
    renew: Script,
    take_ended: Script,
    present: Script,
}

impl RedisPresenceLeases {
    /// Uses this Redis, for leases that last as long as one may.
    pub fn new(redis: Redis) -> Self {
        Self::settled_after(redis, LONGEST_LEASE)
    }

    /// The same for shorter leases: `unsettled` is the longest time until everything is believed to be renewed.
    pub fn settled_after(redis: Redis, unsettled: Duration) -> Self {
        Self {
            redis,
            unsettled,
            renew: Script::new(&format!("{LOOK}{RENEW}")),
            take_ended: Script::new(&format!("{LOOK}{TAKE_ENDED}")),
            present: Script::new(PRESENT),
        }
    }

    fn of_user(&self, user: UserId) -> String {
        self.redis.key("presence", user)
    }

    fn since(&self) -> String {
        self.redis.key("presence", "since")
    }

    fn ends(&self) -> String {
        self.redis.key("presence", "ends")
    }
}

#[async_trait]
impl PresenceLeases for RedisPresenceLeases {
    async fn renew(&self, leases: &[Lease], now: Timestamp) -> Vec<PresenceChange> {
        if leases.is_empty() {
            return Vec::new();
        }
        // After trouble, too, what was told may have been lost: it does not last for ever.
        let settled_after = if self.redis.calm_for(self.unsettled) { millis(self.unsettled) } else { NEVER };
        let mut script = self.renew.prepare_invoke();
        script.key(self.since()).key(self.ends()).arg(settled_after).arg(millis(KEPT));
        for lease in leases {
            script.key(self.of_user(lease.user));
            script.arg(lease.user.to_string()).arg(lease.connection.to_string());
            script.arg(written(lease.status) + if lease.is_open { OPEN } else { 0 });
            script.arg(millis(lease.until.since(now).min(LONGEST_LEASE))).arg(u8::from(lease.is_news));
        }
        let changed = self.redis.run_script::<Vec<(String, String, String)>>(&script).await;
        changed.unwrap_or_default().iter().filter_map(change).collect()
    }

    async fn take_ended(&self, limit: usize, _now: Timestamp) -> Vec<PresenceChange> {
        // While Redis was out of reach, leases have ended that their nodes could not renew.
        if !self.redis.calm_for(self.unsettled) {
            return Vec::new();
        }
        let mut script = self.take_ended.prepare_invoke();
        script.key(self.ends()).arg(self.redis.key("presence", "")).arg(limit);
        let taken = self.redis.run_script::<Vec<(String, String, String)>>(&script).await;
        taken.unwrap_or_default().iter().filter_map(change).collect()
    }

    async fn candidates(&self, limit: usize) -> Vec<UserId> {
        if limit == 0 {
            return Vec::new();
        }
        let mut command = redis::cmd("ZRANGE");
        command.arg(self.ends()).arg(0).arg(limit - 1);
        let found = self.redis.run::<Vec<String>>(&command).await;
        found.unwrap_or_default().iter().filter_map(|user| user_id(user)).collect()
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

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn user_id(text: &str) -> Option<UserId> {
    text.parse::<Uuid>().ok().map(UserId::from)
}

/// A change as the scripts give it: the user, the status, and when they were seen.
fn change((user, status, seen): &(String, String, String)) -> Option<PresenceChange> {
    let status = read(status.parse().ok()?);
    Some(PresenceChange { user: user_id(user)?, status, seen_at: Timestamp::from_millis(seen.parse().ok()?) })
}

/// What an open connection says is greater than what any other does.
const OPEN: u8 = 3;

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
