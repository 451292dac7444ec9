//! Passwords through argon2id, on a few threads of their own: a shared pool would take 19 MiB for each of its hundreds
//! of threads, and a flood of sign-ins would take the cores from the chat (I23).

mod furnace;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use argon2::Params;
use async_trait::async_trait;
use auth_entity::{Password, PasswordAttempt, PasswordHash};
use auth_usecase::ports::{HashError, PasswordHasher, Unexpected, Verdict};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use furnace::Furnace;

/// A thread without a job for this long gives its memory back.
const MEMORY_KEPT: Duration = Duration::from_secs(10);

/// What a hash costs, and how much of that may go on at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashSettings {
    /// Threads that hash; 0 for one for each core.
    pub threads: usize,
    /// Calls that may wait for a thread.
    pub queue: usize,
    /// KiB of memory for each hash.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

/// Hashes in the order in which it was asked. The threads end when it is dropped.
pub struct Argon2Hasher {
    jobs: Sender<Job>,
    decoy: PasswordHash,
}

type Job = Box<dyn FnOnce(&mut Furnace) + Send>;

impl Argon2Hasher {
    /// Starts the threads and makes the decoy.
    pub fn start(settings: HashSettings) -> Result<Self, Unexpected> {
        let params = Params::new(settings.memory_kib, settings.passes, 1, None)?;
        let decoy = Furnace::new(params.clone()).decoy()?;
        let (jobs, queue) = bounded::<Job>(settings.queue);
        let threads = match settings.threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        for number in 0..threads {
            let (furnace, queue) = (Furnace::new(params.clone()), queue.clone());
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || {
                yield_to_the_chat();
                work(furnace, &queue, MEMORY_KEPT);
            })?;
        }
        Ok(Self { jobs, decoy })
    }

    async fn run<T, F>(&self, work: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Furnace) -> Result<T, Unexpected> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |furnace| {
            // Who has hung up needs no hash.
            if !reply.is_closed() {
                let _ = reply.send(work(furnace));
            }
        });
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => HashError::Overloaded,
            TrySendError::Disconnected(_) => HashError::Broken("the hashing threads have ended".into()),
        })?;
        let done = answer.await.map_err(|_| HashError::Broken("a hash panicked".into()))?;
        done.map_err(HashError::Broken)
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        let password = password.clone();
        self.run(move |furnace| furnace.hash(password.expose().as_bytes())).await
    }

    async fn rehash(&self, attempt: &PasswordAttempt) -> Result<PasswordHash, HashError> {
        let attempt = attempt.clone();
        self.run(move |furnace| furnace.hash(attempt.expose().as_bytes())).await
    }

    async fn verify(&self, attempt: &PasswordAttempt, hash: &PasswordHash) -> Result<Verdict, HashError> {
        let (attempt, hash) = (attempt.clone(), hash.clone());
        self.run(move |furnace| furnace.verify(attempt.expose().as_bytes(), &hash)).await
    }

    fn decoy(&self) -> PasswordHash {
        self.decoy.clone()
    }
}

/// Takes one job after the other, until there can be no more. It waits with a deadline only while it holds memory, so
/// that an idle process never wakes.
fn work(mut furnace: Furnace, queue: &Receiver<Job>, memory_kept: Duration) {
    loop {
        let next = match furnace.holds_memory() {
            true => queue.recv_timeout(memory_kept),
            false => queue.recv().map_err(RecvTimeoutError::from),
        };
        match next {
            // The caller of a job that panics hears of it; the thread goes on to the next.
            Ok(job) => drop(catch_unwind(AssertUnwindSafe(|| job(&mut furnace)))),
            Err(RecvTimeoutError::Timeout) => furnace.release(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Gives way to the threads that serve the chat. On Linux the call is about this thread alone; elsewhere it would be
/// about the whole process, so there it is left out.
fn yield_to_the_chat() {
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::process::setpriority_process(None, 10) {
        tracing::warn!(%cause, "a hashing thread could not lower its priority");
    }
}

#[cfg(test)]
mod tests;
