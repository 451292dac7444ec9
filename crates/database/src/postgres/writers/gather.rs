//! Which entries share a statement, and how long a batch waits for more of them.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Append;
use super::job::{Job, Waiting};

/// Entries that share a statement at most.
const BATCH: usize = 1_024;
/// How long a batch waits for company: little beside a round trip and a commit, and the least that the timer knows.
const LINGER: Duration = Duration::from_millis(1);
/// From so many on those who are wanted are waited for all the time: a few are taken as they come, so that the last one ends the
/// wait, and each of many would wake the writer for nothing.
const MANY: usize = 16;

/// The entries that wait behind the first one, up to a change, to a key that is there already, or to a full batch. Where fewer
/// wait than are wanted it waits for them a little.
pub(super) async fn gather<A: Append>(
    first: Waiting<A>,
    queue: &mut Receiver<Job<A>>,
    wanted: usize,
) -> (Vec<Waiting<A>>, Option<Job<A>>) {
    let deadline = Instant::now() + LINGER;
    if wanted >= MANY && queue.len() + 1 < wanted {
        sleep_until(deadline).await;
    }
    let mut keys = HashSet::from([A::key(&first.entry)]);
    let mut batch = vec![first];
    while batch.len() < BATCH {
        let next = match queue.try_recv() {
            Ok(job) => job,
            Err(_) if batch.len() >= wanted || wanted >= MANY => break,
            Err(_) => match timeout_at(deadline, queue.recv()).await {
                Ok(Some(job)) => job,
                Ok(None) | Err(_) => break,
            },
        };
        match next {
            Job::Append(next) => {
                if !keys.insert(A::key(&next.entry)) {
                    return (batch, Some(Job::Append(next)));
                }
                batch.push(next);
            }
            change @ Job::Change(_) => return (batch, Some(change)),
        }
    }
    (batch, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use tokio::sync::{mpsc, oneshot};

    use super::super::job::Alone;
    use super::super::{Done, check};
    use crate::postgres::failure::QueryError;
    use crate::postgres::server::Connection;

    struct Numbers;

    #[async_trait]
    impl Append for Numbers {
        type Entry = usize;
        type Outcome = ();
        type Event = ();
        type Key = usize;

        fn key(entry: &usize) -> usize {
            *entry
        }

        async fn append(_: &Connection, _: &[usize]) -> Result<Done<Vec<()>, ()>, QueryError> {
            unreachable!("nothing is written here")
        }
    }

    fn entry(number: usize) -> Waiting<Numbers> {
        Waiting { entry: number, reply: oneshot::channel().0 }
    }

    fn append(number: usize) -> Job<Numbers> {
        Job::Append(entry(number))
    }

    fn change() -> Job<Numbers> {
        Job::Change(Box::new(Alone { input: (), work: check::<()>, answer: None, reply: oneshot::channel().0 }))
    }

    /// The batch that entry 0 begins, how long it waited, and whether something was left over. The first jobs wait
    /// already, the others come as soon as the writer waits for them. Time stands still unless everybody waits for it.
    async fn batch(
        waiting: Vec<Job<Numbers>>,
        coming: Vec<Job<Numbers>>,
        wanted: usize,
    ) -> (Vec<usize>, Duration, bool) {
        let (jobs, mut queue) = mpsc::channel(10_000);
        for job in waiting {
            jobs.try_send(job).unwrap_or_else(|_| panic!("there is room"));
        }
        let late = jobs.clone();
        tokio::spawn(async move {
            for job in coming {
                late.try_send(job).unwrap_or_else(|_| panic!("there is room"));
                tokio::task::yield_now().await;
            }
        });
        let begun = Instant::now();
        let (batch, left_over) = gather(entry(0), &mut queue, wanted).await;
        (batch.iter().map(|waiting| waiting.entry).collect(), begun.elapsed(), left_over.is_some())
    }

    fn appends(numbers: std::ops::RangeInclusive<usize>) -> Vec<Job<Numbers>> {
        numbers.map(append).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_taken_at_once_when_it_is_as_many_as_are_wanted() {
        assert_eq!(batch(vec![], appends(1..=9), 1).await, (vec![0], Duration::ZERO, false));
        assert_eq!(batch(appends(1..=3), appends(4..=9), 3).await, (vec![0, 1, 2, 3], Duration::ZERO, false));
        let (all, waited, _) = batch(appends(1..=MANY), vec![], MANY).await;
        assert_eq!((all.len(), waited), (MANY + 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_of_a_few_who_are_wanted_ends_the_wait() {
        assert_eq!(batch(vec![], appends(1..=9), 2).await, (vec![0, 1], Duration::ZERO, false));
        assert_eq!(batch(appends(1..=1), appends(2..=9), 4).await, (vec![0, 1, 2, 3], Duration::ZERO, false));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_do_not_come_are_not_waited_for_longer_than_that() {
        for wanted in [3, MANY] {
            let (all, waited, _) = batch(vec![], appends(1..=1), wanted).await;
            assert_eq!(all, [0, 1]);
            assert!((LINGER..LINGER * 2).contains(&waited), "{waited:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_are_waited_for_all_the_time_and_all_who_came_are_taken() {
        let (all, waited, _) = batch(vec![], appends(1..=50), MANY).await;
        assert_eq!(all.len(), 51);
        assert!(waited >= LINGER, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_and_a_key_that_is_there_end_a_batch_and_the_wait() {
        for last in [change(), append(0)] {
            assert_eq!(batch(appends(1..=1), vec![last], 9).await, (vec![0, 1], Duration::ZERO, true));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_has_an_end() {
        let (all, _, left_over) = batch(appends(1..=BATCH + 5), vec![], 1).await;
        assert_eq!((all.len(), left_over), (BATCH, false));
    }
}
