//! Passwords through argon2id, on a few threads of their own: a shared pool would take 19 MiB for each of its hundreds
//! of threads, and a flood of sign-ins would take the cores from the chat (I23).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use argon2::password_hash::{Error as PhcError, phc};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use async_trait::async_trait;
use auth_entity::{Password, PasswordAttempt, PasswordHash};
use auth_usecase::ports::{HashError, PasswordHasher, Unexpected, Verdict};
use crossbeam_channel::{Sender, TrySendError, bounded};
use tokio::sync::oneshot;

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

type Job = Box<dyn FnOnce(&Argon2<'static>) + Send>;

impl Argon2Hasher {
    /// Starts the threads and makes the decoy, which takes as long as a sign-in.
    pub fn start(settings: HashSettings) -> Result<Self, Unexpected> {
        let params = Params::new(settings.memory_kib, settings.passes, 1, None)?;
        let engine = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut nobodys = [0; 32];
        aws_lc_rs::rand::fill(&mut nobodys)?;
        let decoy = hash(&engine, &nobodys)?;
        let (jobs, queue) = bounded::<Job>(settings.queue);
        let threads = match settings.threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        for number in 0..threads {
            let (engine, queue) = (engine.clone(), queue.clone());
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || {
                yield_to_the_chat();
                for job in queue {
                    // The caller of a job that panics hears of it; the thread goes on to the next.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(&engine)));
                }
            })?;
        }
        Ok(Self { jobs, decoy })
    }

    async fn run<T, F>(&self, work: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce(&Argon2<'static>) -> Result<T, Unexpected> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |engine| {
            // Who has hung up needs no hash.
            if !reply.is_closed() {
                let _ = reply.send(work(engine));
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
        self.run(move |engine| hash(engine, password.expose().as_bytes())).await
    }

    async fn rehash(&self, attempt: &PasswordAttempt) -> Result<PasswordHash, HashError> {
        let attempt = attempt.clone();
        self.run(move |engine| hash(engine, attempt.expose().as_bytes())).await
    }

    async fn verify(&self, attempt: &PasswordAttempt, hash: &PasswordHash) -> Result<Verdict, HashError> {
        let (attempt, hash) = (attempt.clone(), hash.clone());
        self.run(move |engine| {
            let hash = phc::PasswordHash::new(hash.as_phc())?;
            match engine.verify_password(attempt.expose().as_bytes(), &hash) {
                Ok(()) => Ok(Verdict::Right { outdated: is_outdated(engine, &hash) }),
                Err(PhcError::PasswordInvalid) => Ok(Verdict::Wrong),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    fn decoy(&self) -> PasswordHash {
        self.decoy.clone()
    }
}

fn hash(engine: &Argon2<'_>, password: &[u8]) -> Result<PasswordHash, Unexpected> {
    Ok(PasswordHash::from_phc(engine.hash_password(password)?.to_string()))
}

fn is_outdated(engine: &Argon2<'_>, hash: &phc::PasswordHash) -> bool {
    let current = engine.params();
    let same_cost = Params::try_from(hash).is_ok_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost()) == (current.m_cost(), current.t_cost(), current.p_cost())
    });
    let same_function = hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
    !(same_cost && same_function)
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
