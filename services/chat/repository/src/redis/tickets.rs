//! Tickets that are good on every node.

use std::fmt::Write;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat_usecase::port::Tickets;
use database::redis::Redis;
use kernel::{Principal, SessionId, StoreError, Timestamp};
use redis::Script;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const SESSION_BYTES: usize = 16;
const RANDOM_BYTES: usize = 32;
/// A browser opens one socket for each ticket. Of more unused ones than this the oldest is forgotten.
const MAX_PER_SESSION: u32 = 16;
/// Unused tickets of all sessions; one more is refused until others are used or too old.
const MAX_TICKETS: u32 = 1_000_000;

/// Keeps a ticket under its hash, counts it among its session's and among all, and forgets the session's oldest beyond
/// the bound. It returns 0 when there are too many. The key of the one that is forgotten is not among the script's keys:
/// it is known only here.
const ISSUE: &str = "
local ticket, of_session, all = KEYS[1], KEYS[2], KEYS[3]
local hash, caller, lasts = ARGV[1], ARGV[2], tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', all, '-inf', now)
if redis.call('ZCARD', all) >= tonumber(ARGV[4]) then return 0 end
redis.call('SET', ticket, caller, 'PX', lasts)
redis.call('ZADD', all, now + lasts, hash)
redis.call('RPUSH', of_session, hash)
if redis.call('LLEN', of_session) > tonumber(ARGV[5]) then
  local oldest = redis.call('LPOP', of_session)
  redis.call('DEL', string.sub(ticket, 1, -1 - #hash) .. oldest)
  redis.call('ZREM', all, oldest)
end
for _, key in ipairs({of_session, all}) do
  if redis.call('PTTL', key) < lasts then redis.call('PEXPIRE', key, lasts) end
end
return 1";

/// Takes a ticket and everything that counts it. Whoever comes second finds nothing.
const REDEEM: &str = "
local caller = redis.call('GETDEL', KEYS[1])
if caller then
  redis.call('LREM', KEYS[2], 1, ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
end
return caller";

/// Keeps tickets in Redis until they are used or too old: at most 16 for each session, and a million. It keeps their
/// hashes, so that who can read Redis cannot use them.
pub struct RedisTickets {
    redis: Redis,
    max_tickets: u32,
    issue: Script,
    redeem: Script,
}

/// The caller whom a ticket was made for, as Redis keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    user_id: Uuid,
    username: String,
    expires_at_ms: i64,
    /// When the ticket is over. Redis forgets it then by its own clock; this is for the node's.
    until_ms: i64,
}

impl RedisTickets {
    /// Uses this Redis.
    pub fn new(redis: Redis) -> Self {
        Self::with_capacity(redis, MAX_TICKETS)
    }

    /// The same, keeping at most `max_tickets`.
    pub fn with_capacity(redis: Redis, max_tickets: u32) -> Self {
        Self { redis, max_tickets, issue: Script::new(ISSUE), redeem: Script::new(REDEEM) }
    }

    /// The keys of a ticket, of its session's tickets and of all.
    fn keys(&self, session: SessionId, hash: &str) -> [String; 3] {
        [self.redis.key("ticket", hash), self.redis.key("tickets", session), self.redis.key("tickets", "all")]
    }
}

fn hash(ticket: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest(&SHA256, ticket).as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[async_trait]
impl Tickets for RedisTickets {
    async fn issue(
        &self,
        principal: Principal,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let mut secret = [0; RANDOM_BYTES];
        rand::fill(&mut secret).map_err(|_| StoreError::Unavailable("no random numbers".into()))?;
        let mut ticket = principal.session_id.as_bytes().to_vec();
        ticket.extend_from_slice(&secret);
        let hash = hash(&ticket);
        let kept = Kept {
            user_id: principal.user_id.as_uuid(),
            username: principal.username,
            expires_at_ms: principal.expires_at.as_millis(),
            until_ms: until.as_millis(),
        };
        let kept = serde_json::to_string(&kept).map_err(|error| StoreError::Unavailable(error.into()))?;
        let lasts = u64::try_from(until.since(now).as_millis()).unwrap_or(u64::MAX).max(1);
        let mut script = self.issue.prepare_invoke();
        script.key(&self.keys(principal.session_id, &hash)[..]);
        script.arg(&hash).arg(kept).arg(lasts).arg(self.max_tickets).arg(MAX_PER_SESSION);
        // A ticket of which nobody has heard was not made.
        match self.redis.run_script::<u8>(&script).await {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(URL_SAFE_NO_PAD.encode(ticket))),
            Err(fault) => Err(match fault.into_store_error() {
                StoreError::Unknown(cause) | StoreError::Unavailable(cause) => StoreError::Unavailable(cause),
                StoreError::Overloaded => StoreError::Overloaded,
            }),
        }
    }

    async fn redeem(&self, ticket: &str, now: Timestamp) -> Result<Option<Principal>, StoreError> {
        let Ok(ticket) = URL_SAFE_NO_PAD.decode(ticket) else { return Ok(None) };
        if ticket.len() != SESSION_BYTES + RANDOM_BYTES {
            return Ok(None);
        }
        let Some((session, _)) = ticket.split_first_chunk::<SESSION_BYTES>() else { return Ok(None) };
        let session_id = SessionId::from_bytes(*session);
        let hash = hash(&ticket);
        let mut script = self.redeem.prepare_invoke();
        script.key(&self.keys(session_id, &hash)[..]).arg(&hash);
        let kept: Option<String> =
            self.redis.run_script(&script).await.map_err(database::redis::RedisFault::into_store_error)?;
        let Some(kept) = kept else { return Ok(None) };
        let kept: Kept = serde_json::from_str(&kept).map_err(|error| StoreError::Unavailable(error.into()))?;
        if now >= Timestamp::from_millis(kept.until_ms) {
            return Ok(None);
        }
        Ok(Some(Principal {
            user_id: kept.user_id.into(),
            session_id,
            username: kept.username,
            expires_at: Timestamp::from_millis(kept.expires_at_ms),
        }))
    }
}
