//! Which sessions live, in Redis: the answer to each request's question, for both services.
//!
//! ADR 11 says why this neither signs anybody out nor revives anybody when Redis loses something (I16, I18).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::{Fence, Liveness, SessionId, Timestamp};
use redis::Script;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::tombstones::Tombstones;
use super::unwritten::Unwritten;
use super::{Redis, RedisFault};

/// How long a revocation insists that Redis takes its tombstone: so long that every node's probe has noticed by then
/// that Redis hangs, and believes it no more.
const INSIST: Duration = Duration::from_millis(1_500);

/// The value of a live session's key, and of a tombstone's.
const LIVE: &str = "L";
pub(super) const ENDED: &str = "E";

/// Makes the name of what Redis holds, unless it has one.
const INCARNATION: &str = "
local name = redis.call('GET', KEYS[1])
if not name then
  name = ARGV[1]
  redis.call('SET', KEYS[1], name)
end
return name";

/// Sets a live entry where there is nothing, in the Redis that was asked and in no emptied one.
const FILL: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3])
return 1";

/// How long things are good for. The default is right; other values are for tests.
#[derive(Clone, Copy, Debug)]
pub struct LiveTimes {
    /// How long a live entry lasts in Redis: what a revocation that got lost could do at most.
    pub live: Duration,
    /// How long live entries are not believed after trouble: as long as one from before can last, and 2 s more, in which
    /// a fill may still have been on its way through the network.
    pub distrust: Duration,
    /// How long a tombstone lasts: longer than an access token with its leeway.
    pub tombstone: Duration,
}

impl Default for LiveTimes {
    fn default() -> Self {
        let live = Duration::from_secs(30);
        Self { live, distrust: live + Duration::from_secs(2), tombstone: Duration::from_secs(10 * 60) }
    }
}

/// The live sessions of an installation, and the tombstones of those that have ended. Clones share what they know.
///
/// It never fails. While Redis is away it knows what this process was told, and nothing else.
#[derive(Clone)]
pub struct RedisLiveSessions {
    redis: Redis,
    times: LiveTimes,
    ended: Arc<Mutex<Tombstones>>,
    unwritten: Arc<Unwritten>,
    scripts: Arc<Scripts>,
}

struct Scripts {
    incarnation: Script,
    fill: Script,
}

impl RedisLiveSessions {
    /// Uses this Redis. A task that writes tombstones runs until the last clone is dropped.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(redis: Redis) -> Self {
        Self::with_times(redis, LiveTimes::default())
    }

    /// The same, with other times.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn with_times(redis: Redis, times: LiveTimes) -> Self {
        let unwritten = Arc::new(Unwritten::start(redis.clone(), times.tombstone));
        let scripts = Arc::new(Scripts { incarnation: Script::new(INCARNATION), fill: Script::new(FILL) });
        Self { redis, times, ended: Arc::default(), unwritten, scripts }
    }

    fn ended(&self) -> MutexGuard<'_, Tombstones> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a session, in one round trip.
    pub async fn lookup(&self, id: SessionId, now: Timestamp) -> Liveness {
        self.lookup_many(&[id], now).await.pop().unwrap_or(Liveness::Unknown(Fence::NONE))
    }

    /// What is known of each of these sessions, in their order and in one round trip. The caller bounds their number:
    /// Redis does nothing else meanwhile, some milliseconds for ten thousand.
    pub async fn lookup_many(&self, ids: &[SessionId], now: Timestamp) -> Vec<Liveness> {
        let (found, fence) = self.ask(ids, now).await;
        // Judged after the answer has come: what went wrong meanwhile counts, and so does what the bus has told.
        let believed = self.redis.calm_for(self.times.distrust);
        let ended = self.ended();
        let judge = |(id, entry): (&SessionId, Option<String>)| match entry.as_deref() {
            _ if ended.has(*id, now) => Liveness::Ended,
            Some(ENDED) => Liveness::Ended,
            Some(LIVE) if believed => Liveness::Live,
            // A fill changes nothing where something is, so none is asked for.
            Some(_) => Liveness::Unknown(Fence::NONE),
            None => Liveness::Unknown(fence),
        };
        ids.iter().zip(found).map(judge).collect()
    }

    /// The entries of those that this process does not know to have ended, and the fence for fills.
    async fn ask(&self, ids: &[SessionId], now: Timestamp) -> (Vec<Option<String>>, Fence) {
        let nothing = || (vec![None; ids.len()], Fence::NONE);
        let all_ended = {
            let ended = self.ended();
            ids.iter().all(|id| ended.has(*id, now))
        };
        if all_ended {
            return nothing();
        }
        // Taken before the question: a trouble that comes later forbids the fill.
        let troubles = self.redis.troubles();
        let mut command = redis::cmd("MGET");
        command.arg(self.incarnation_key());
        for id in ids {
            command.arg(live_key(&self.redis, *id));
        }
        let Ok(mut found) = self.redis.run::<Vec<Option<String>>>(&command).await else { return nothing() };
        if found.len() != ids.len() + 1 {
            return nothing();
        }
        let fence = match found.remove(0) {
            Some(name) => Uuid::try_parse(&name).ok(),
            // Whoever gets this fence asks the store after it was made, so no revocation from before can be missed.
            None => self.incarnation().await.ok(),
        };
        (found, fence.map_or(Fence::NONE, |incarnation| Fence::new(incarnation, troubles)))
    }

    /// Notes what the store has said after a look-up had given this fence: the session is live, at the latest until
    /// `until`. It does nothing where anything is known, nor when Redis has lost something since, or may have.
    pub async fn fill(&self, id: SessionId, fence: Fence, now: Timestamp, until: Timestamp) {
        let Some((incarnation, troubles)) = fence.parts() else { return };
        let lasts = until.since(now).min(self.times.live).as_millis();
        if lasts == 0 || troubles != self.redis.troubles() || self.ended().has(id, now) {
            return;
        }
        let mut script = self.scripts.fill.prepare_invoke();
        script.key(self.incarnation_key()).key(live_key(&self.redis, id));
        script.arg(incarnation.to_string()).arg(LIVE).arg(u64::try_from(lasts).unwrap_or(u64::MAX));
        // Whatever comes of it: the next look-up asks the store again.
        let _ = self.redis.run_script::<u8>(&script).await;
    }

    /// Notes that a session has ended, which the store knows already.
    ///
    /// This process knows it at once. The others know when this returns, unless Redis has not served for 1.5 s: then
    /// they have noticed by themselves that it is of no use, and ask the store. The tombstone is written as soon as Redis
    /// takes it, in any case, also when this future is dropped after its first poll.
    pub async fn revoke(&self, id: SessionId, now: Timestamp) {
        self.note_ended(id, now);
        let written = self.unwritten.add(id, Instant::now() + self.times.tombstone);
        let insist = INSIST.saturating_sub(self.redis.away_for());
        if !insist.is_zero() && timeout(insist, written).await.is_err() {
            tracing::warn!(session_id = %id, "Redis has not taken a session's end yet; the store has it");
        }
    }

    /// Notes what the bus has told: the session has ended. It is believed before Redis is asked.
    pub fn note_ended(&self, id: SessionId, now: Timestamp) {
        self.ended().add(id, now, now.plus(self.times.tombstone));
    }

    fn incarnation_key(&self) -> String {
        self.redis.key("live", "incarnation")
    }

    async fn incarnation(&self) -> Result<Uuid, RedisFault> {
        let mut script = self.scripts.incarnation.prepare_invoke();
        script.key(self.incarnation_key()).arg(Uuid::new_v4().to_string());
        let name: String = self.redis.run_script(&script).await?;
        // What somebody else has written there is no name of ours: nothing is filled then, and nothing breaks.
        Ok(Uuid::try_parse(&name).unwrap_or_else(|_| Uuid::new_v4()))
    }
}

/// The key of a session: live, ended or nothing.
pub(super) fn live_key(redis: &Redis, id: SessionId) -> String {
    redis.key("live", id)
}
