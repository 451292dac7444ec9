//! How many sign-ins a second, and how near that is to what hashing alone costs on the same cores.

use std::io;
use std::time::{Duration, Instant};

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use futures_util::stream::{self, StreamExt};

use crate::figure::Figure;
use crate::pin;
use crate::place::{PASSWORD, People, hint};
use crate::progress::Progress;
use crate::scenario::RATIO;
use crate::servers::Programs;

/// Sign-ins at a time: the hashing threads always have something to do.
const AT_A_TIME: usize = 8;
/// People who sign in, in turn.
const SIGNERS: usize = 8;
/// How long each side is measured, three times in turn: a machine is not equally fast all the time.
const TURN: Duration = Duration::from_secs(2);
const TURNS: usize = 3;

/// Measures both in turn.
pub async fn run(people: &mut People, programs: &Programs, progress: &mut Progress) -> io::Result<Vec<Figure>> {
    people.grow(SIGNERS, progress).await?;
    let (mut signed_in, mut hashed) = (0.0, 0.0);
    for turn in 0..TURNS {
        progress.say(|| format!("turn {} of {TURNS}", turn + 1));
        signed_in += sign_ins(people, TURN).await?;
        hashed += bare(programs)?;
    }
    let turns = TURNS as f64;
    Ok(vec![
        Figure::new("sign-ins", signed_in / turns, "/s"),
        Figure::new("bare argon2id", hashed / turns, "/s"),
        Figure::new(RATIO, signed_in / hashed, ""),
    ])
}

/// Sign-ins a second.
async fn sign_ins(people: &People, time: Duration) -> io::Result<f64> {
    let begun = Instant::now();
    let names: Vec<&str> = people.clients().iter().map(natter_client::Client::username).collect();
    let mut signing = stream::iter(names.iter().cycle())
        .take_while(|_| std::future::ready(begun.elapsed() < time))
        .map(|name| people.server().sign_in(name, PASSWORD, "natter-load"))
        .buffer_unordered(AT_A_TIME);
    let mut done = 0_u32;
    while let Some(signed_in) = signing.next().await {
        signed_in.map_err(hint)?;
        done += 1;
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

/// Verifications a second, one thread on each of the server's cores.
fn bare(programs: &Programs) -> io::Result<f64> {
    let argon = Argon2::default();
    let hash = argon.hash_password(PASSWORD.as_bytes()).map_err(io::Error::other)?;
    let begun = Instant::now();
    let counts: io::Result<Vec<u32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = programs
            .server_cores
            .iter()
            .map(|core| {
                let hash = &hash;
                scope.spawn(move || {
                    pin::to(&[*core])?;
                    let mut done = 0;
                    while begun.elapsed() < TURN {
                        Argon2::default().verify_password(PASSWORD.as_bytes(), hash).map_err(io::Error::other)?;
                        done += 1;
                    }
                    Ok(done)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("hashing failed"))))
            .collect()
    });
    Ok(f64::from(counts?.iter().sum::<u32>()) / begun.elapsed().as_secs_f64())
}
