//! The real function, at a small cost.

use std::sync::mpsc;

use super::*;
use auth_entity::PasswordPolicy;

const CHEAP: HashSettings = HashSettings { threads: 1, queue: 2, memory_kib: 64, passes: 1 };

fn attempt(text: &str) -> PasswordAttempt {
    PasswordAttempt::new(text.to_owned()).unwrap()
}

fn password(text: &str) -> Password {
    Password::judge(text.to_owned(), PasswordPolicy::default()).unwrap()
}

#[tokio::test]
async fn the_password_is_told_from_others_and_each_hash_has_its_own_salt() {
    let hasher = Argon2Hasher::start(CHEAP).unwrap();
    let hash = hasher.hash(&password("a fine long one")).await.unwrap();
    assert!(hash.as_phc().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", hash.as_phc());
    let right = hasher.verify(&attempt("a fine long one"), &hash).await.unwrap();
    assert_eq!(right, Verdict::Right { outdated: false });
    for wrong in ["A fine long one", "a fine long one ", ""] {
        assert_eq!(hasher.verify(&attempt(wrong), &hash).await.unwrap(), Verdict::Wrong, "{wrong:?}");
    }
    assert_ne!(hasher.hash(&password("a fine long one")).await.unwrap(), hash);
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_right_and_outdated() {
    let old = Argon2Hasher::start(CHEAP).unwrap().hash(&password("a fine long one")).await.unwrap();
    let hasher = Argon2Hasher::start(HashSettings { memory_kib: 128, ..CHEAP }).unwrap();
    let verdict = hasher.verify(&attempt("a fine long one"), &old).await.unwrap();
    assert_eq!(verdict, Verdict::Right { outdated: true });
    let new = hasher.rehash(&attempt("a fine long one")).await.unwrap();
    let verdict = hasher.verify(&attempt("a fine long one"), &new).await.unwrap();
    assert_eq!(verdict, Verdict::Right { outdated: false });
}

#[tokio::test]
async fn the_decoy_costs_what_a_hash_costs_and_is_nobodys() {
    let hasher = Argon2Hasher::start(CHEAP).unwrap();
    let real = hasher.hash(&password("a fine long one")).await.unwrap();
    let cost = |hash: &PasswordHash| hash.as_phc().rsplitn(3, '$').last().map(str::to_owned);
    assert_eq!(cost(&hasher.decoy()), cost(&real));
    assert_eq!(hasher.decoy().as_phc().len(), real.as_phc().len());
    assert_eq!(hasher.verify(&attempt(""), &hasher.decoy()).await.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn what_is_no_hash_is_an_error_and_not_a_wrong_password() {
    let hasher = Argon2Hasher::start(CHEAP).unwrap();
    let broken = PasswordHash::from_phc("plain text".to_owned());
    assert!(matches!(hasher.verify(&attempt("plain text"), &broken).await, Err(HashError::Broken(_))));
}

#[tokio::test]
async fn beyond_the_queue_it_is_overloaded_at_once_and_recovers() {
    let hasher = Argon2Hasher::start(CHEAP).unwrap();
    let (hold, held) = mpsc::channel::<()>();
    let (begun, has_begun) = mpsc::channel();
    let block: Job = Box::new(move |_| {
        begun.send(()).unwrap();
        held.recv().ok();
    });
    hasher.jobs.send(block).unwrap();
    tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
    let (one, two, three) = (attempt("1"), attempt("2"), attempt("3"));
    let decoy = hasher.decoy();
    let waiting = async { tokio::join!(hasher.verify(&one, &decoy), hasher.verify(&two, &decoy)) };
    let refused = async {
        let refused = hasher.verify(&three, &decoy).await;
        hold.send(()).unwrap();
        refused
    };
    let ((first, second), refused) = tokio::join!(biased; waiting, refused);
    assert!(first.is_ok() && second.is_ok());
    assert!(matches!(refused, Err(HashError::Overloaded)));
    assert!(hasher.verify(&three, &decoy).await.is_ok());
}

#[tokio::test]
async fn a_panic_costs_its_caller_an_answer_and_nobody_else() {
    let hasher = Argon2Hasher::start(CHEAP).unwrap();
    let broken = hasher.run(|_| -> Result<(), Unexpected> { panic!("on purpose") }).await;
    assert!(matches!(broken, Err(HashError::Broken(_))));
    assert!(hasher.hash(&password("a fine long one")).await.is_ok());
}

#[test]
fn a_thread_without_a_job_gives_its_memory_back() {
    let (jobs, queue) = bounded::<Job>(1);
    let furnace = Furnace::new(Params::new(64, 1, 1, None).unwrap());
    let thread = thread::spawn(move || work(furnace, &queue, Duration::from_millis(50)));
    let (tell, told) = mpsc::channel();
    let ask = |hashes: bool| {
        let tell = tell.clone();
        let job: Job = Box::new(move |furnace| {
            let held = furnace.holds_memory();
            if hashes {
                furnace.hash(b"a fine long one").unwrap();
            }
            tell.send((held, furnace.holds_memory())).unwrap();
        });
        jobs.send(job).unwrap();
        told.recv_timeout(Duration::from_secs(20)).unwrap()
    };
    assert_eq!(ask(true), (false, true));
    // To ask is a job as well, so each pause until the next one is longer.
    let pauses = std::iter::successors(Some(Duration::from_millis(100)), |pause| Some(*pause * 2)).take(8);
    let is_released = pauses.into_iter().any(|pause| {
        let nothing = told.recv_timeout(pause);
        assert!(nothing.is_err(), "nobody asked");
        ask(false) == (false, false)
    });
    assert!(is_released, "the memory is still held");
    assert_eq!(ask(true), (false, true), "it goes on after that");
    drop(jobs);
    thread.join().unwrap();
}
