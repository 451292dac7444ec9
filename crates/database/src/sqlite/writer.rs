//! The writer thread: whoever wants to write at the same time shares one transaction and one `fsync`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use kernel::StoreError;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::checkpoints::Checkpoints;

/// How long a batch waits for as many as were in the one before it: little beside the wait for a disk. One who writes alone is
/// never held up.
const LINGER: Duration = Duration::from_micros(500);
/// A batch of fewer is no company that would come back together: two who happened to write at the same moment are not worth a
/// wait of the next one.
const COMPANY: usize = 4;

/// Bounds of a writer.
#[derive(Clone, Copy, Debug)]
pub struct WriterSettings {
    /// Calls that may wait; one more is told [`StoreError::Overloaded`] at once.
    pub queue: usize,
    /// Calls that share a transaction at most.
    pub batch: usize,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { queue: 16_384, batch: 1_024 }
    }
}

/// Hands work to the one thread that writes a database.
///
/// Work is done in the order in which it was handed over, and a call returns when its work is durable. What
/// committed work has emitted goes to the sink, in order, from the writer's thread.
#[derive(Clone)]
pub struct Writer<E> {
    jobs: Sender<Box<dyn Job<E>>>,
}

/// What a piece of work sees of the transaction that it shares with others.
pub struct Tx<'a, E> {
    connection: &'a Connection,
    emitted: &'a mut Vec<E>,
}

impl<E> Tx<'_, E> {
    /// The connection, inside the transaction.
    pub fn connection(&self) -> &Connection {
        self.connection
    }

    /// Gives something to the sink, if and when the transaction commits.
    pub fn emit(&mut self, item: E) {
        self.emitted.push(item);
    }
}

/// Takes what committed transactions have emitted. It runs on the writer's thread and MUST NOT block.
pub type Sink<E> = Box<dyn FnMut(Vec<E>) + Send>;

impl<E: Send + 'static> Writer<E> {
    /// Starts the thread. It ends when the last `Writer` is dropped and what was handed over is done.
    pub fn start(
        name: &str,
        mut connection: Connection,
        settings: WriterSettings,
        sink: Sink<E>,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = bounded(settings.queue);
        let checkpoints = Checkpoints::take_over(name, &mut connection)?;
        thread::Builder::new()
            .name(format!("{name}-writer"))
            .spawn(move || run(&connection, &queue, settings.batch.max(1), sink, checkpoints))?;
        Ok(Self { jobs })
    }

    /// Runs `work` under a savepoint: when it fails, what it wrote is undone and nobody else is touched.
    ///
    /// The work is in the queue when this function has been polled once, so two calls that are polled one after the
    /// other take effect in that order.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_, E>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.submit(work, true).await
    }

    /// Runs `work` without a savepoint, which makes it a good deal cheaper.
    ///
    /// `work` MUST have written nothing when it returns `Ok` for a refusal. When it returns `Err`, the whole
    /// transaction is undone and everyone in it is told that nothing happened: `Err` is for a store that fails.
    pub async fn append<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_, E>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.submit(work, false).await
    }

    async fn submit<T, F>(&self, work: F, guarded: bool) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_, E>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Call { work: Some(work), output: None, reply, guarded };
        self.jobs.try_send(Box::new(call)).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => StoreError::Unavailable("the writer thread has ended".into()),
        })?;
        // A reply that is dropped means that the thread died with the call, perhaps after its commit.
        answer.await.unwrap_or_else(|_| Err(StoreError::Unknown("the writer thread ended".into())))
    }
}

/// One call, with its types hidden from the thread.
trait Job<E>: Send {
    fn guarded(&self) -> bool;
    fn run(&mut self, tx: &mut Tx<'_, E>) -> rusqlite::Result<()>;
    fn settle(self: Box<Self>, failure: Option<Failure>);
}

struct Call<F, T> {
    work: Option<F>,
    output: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    guarded: bool,
}

impl<E, F, T> Job<E> for Call<F, T>
where
    T: Send,
    F: FnOnce(&mut Tx<'_, E>) -> rusqlite::Result<T> + Send,
{
    fn guarded(&self) -> bool {
        self.guarded
    }

    fn run(&mut self, tx: &mut Tx<'_, E>) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.output = Some(work(tx)?);
        }
        Ok(())
    }

    fn settle(self: Box<Self>, failure: Option<Failure>) {
        let answer = match (failure, self.output) {
            (None, Some(output)) => Ok(output),
            (Some(failure), _) => Err(failure.into_error()),
            (None, None) => Err(StoreError::Unavailable("the call was not run".into())),
        };
        // The caller may have gone; what it asked for is done all the same.
        let _ = self.reply.send(answer);
    }
}

#[derive(Clone)]
struct Failure {
    why: String,
    certain: bool,
}

impl Failure {
    fn certain(why: &dyn ToString) -> Self {
        Self { why: why.to_string(), certain: true }
    }

    fn into_error(self) -> StoreError {
        if self.certain { StoreError::Unavailable(self.why.into()) } else { StoreError::Unknown(self.why.into()) }
    }
}

fn run<E>(
    connection: &Connection,
    queue: &Receiver<Box<dyn Job<E>>>,
    batch: usize,
    mut sink: Sink<E>,
    mut checkpoints: Option<Checkpoints>,
) {
    let mut before = 0;
    while let Ok(first) = queue.recv() {
        let mut jobs: Vec<_> = std::iter::once(first).chain(queue.try_iter().take(batch - 1)).collect();
        linger(queue, &mut jobs, before);
        before = jobs.len();
        let mut emitted = Vec::new();
        let mut failures = vec![None; jobs.len()];
        let outcome = commit_together(connection, &mut jobs, &mut failures, &mut emitted);
        if let Err(failure) = &outcome {
            tracing::error!(calls = jobs.len(), cause = failure.why, certain = failure.certain, "a transaction failed");
        }
        for (job, own) in jobs.into_iter().zip(failures) {
            job.settle(outcome.as_ref().err().cloned().or(own));
        }
        if outcome.is_ok() && !emitted.is_empty() {
            sink(emitted);
        }
        if let Some(checkpoints) = &mut checkpoints {
            checkpoints.look(connection);
        }
    }
}

/// Waits a moment for as many as there were in the batch before. Those who were answered together come back together, a little
/// apart; without this, a large batch falls into small ones that each cost a commit and a write to every receiver.
fn linger<T>(queue: &Receiver<T>, jobs: &mut Vec<T>, before: usize) {
    if before < COMPANY {
        return;
    }
    let deadline = Instant::now() + LINGER;
    while jobs.len() < before {
        match queue.recv_deadline(deadline) {
            Ok(job) => jobs.push(job),
            Err(_) => return,
        }
    }
}

/// Runs all jobs in one transaction. A guarded job that fails is undone alone and noted in `failures`.
fn commit_together<E>(
    connection: &Connection,
    jobs: &mut [Box<dyn Job<E>>],
    failures: &mut [Option<Failure>],
    emitted: &mut Vec<E>,
) -> Result<(), Failure> {
    let execute = |sql| connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(drop);
    let undo_all = |failure: Failure| {
        if !connection.is_autocommit() && execute("ROLLBACK").is_err() {
            tracing::error!("a failed transaction could not be rolled back");
        }
        failure
    };
    execute("BEGIN IMMEDIATE").map_err(|error| Failure::certain(&error))?;
    for (job, failure) in jobs.iter_mut().zip(failures) {
        let before = emitted.len();
        let guarded = job.guarded();
        if guarded {
            execute("SAVEPOINT job").map_err(|error| undo_all(Failure::certain(&error)))?;
        }
        let mut tx = Tx { connection, emitted };
        let ran = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx)))
            .map_err(|panic| Failure::certain(&panic_message(&*panic)))
            .and_then(|result| result.map_err(|error| Failure::certain(&error)));
        let Err(why) = ran else {
            if guarded {
                execute("RELEASE job").map_err(|error| undo_all(Failure::certain(&error)))?;
            }
            continue;
        };
        // A full disk or a failed read may have ended the transaction already: then nothing of it is left.
        if !guarded || connection.is_autocommit() {
            return Err(undo_all(why));
        }
        execute("ROLLBACK TO job")
            .and_then(|()| execute("RELEASE job"))
            .map_err(|error| undo_all(Failure::certain(&error)))?;
        emitted.truncate(before);
        tracing::error!(cause = why.why, "a write failed");
        *failure = Some(why);
    }
    execute("COMMIT").map_err(|error| {
        // Nothing of the transaction is in the log when there was no room or no lock for it. When the disk itself
        // failed, the log may or may not have reached it.
        let certain = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::ReadOnly | ErrorCode::ConstraintViolation)
        );
        undo_all(Failure { why: error.to_string(), certain })
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a write panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn writer(settings: WriterSettings) -> (Writer<i64>, mpsc::Receiver<Vec<i64>>) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE numbers (n INTEGER PRIMARY KEY)").unwrap();
        let (out, sunk) = mpsc::channel();
        let sink = Box::new(move |items| out.send(items).unwrap());
        (Writer::start("test", connection, settings, sink).unwrap(), sunk)
    }

    fn insert(tx: &mut Tx<'_, i64>, n: i64) -> rusqlite::Result<()> {
        tx.connection().execute("INSERT INTO numbers VALUES (?1)", [n])?;
        tx.emit(n);
        Ok(())
    }

    async fn numbers(writer: &Writer<i64>) -> Vec<i64> {
        writer
            .write(|tx| {
                let mut all = tx.connection().prepare("SELECT n FROM numbers ORDER BY n")?;
                all.query_map([], |row| row.get(0))?.collect()
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_failed_write_is_undone_alone() {
        let (writer, sunk) = writer(WriterSettings::default());
        let (good, bad, other) = tokio::join!(
            writer.write(|tx| insert(tx, 1)),
            writer.write(|tx| insert(tx, 2).and_then(|()| insert(tx, 1))),
            writer.write(|tx| insert(tx, 3)),
        );
        assert!(good.is_ok() && other.is_ok());
        assert!(matches!(bad, Err(StoreError::Unavailable(_))), "{bad:?}");
        assert_eq!(numbers(&writer).await, [1, 3]);
        drop(writer);
        assert_eq!(sunk.iter().flatten().collect::<Vec<_>>(), [1, 3], "an undone write reached the sink");
    }

    #[tokio::test]
    async fn a_panic_in_a_write_does_not_end_the_writer() {
        let (writer, _sunk) = writer(WriterSettings::default());
        let broken = writer.write(|_| -> rusqlite::Result<()> { panic!("on purpose") }).await;
        assert!(matches!(broken, Err(StoreError::Unavailable(_))), "{broken:?}");
        writer.write(|tx| insert(tx, 7)).await.unwrap();
        assert_eq!(numbers(&writer).await, [7]);
    }

    #[tokio::test]
    async fn a_failed_append_undoes_its_whole_batch_and_says_so_to_all() {
        let (writer, sunk) = writer(WriterSettings::default());
        let (hold, held) = mpsc::channel::<()>();
        let blocker = writer.append(move |_| {
            held.recv().ok();
            Ok(())
        });
        let unblock = async {
            let two = futures_join(writer.append(|tx| insert(tx, 1)), writer.append(|tx| insert(tx, 1)));
            hold.send(()).unwrap();
            two.await
        };
        let (blocked, (first, second)) = tokio::join!(blocker, unblock);
        // Whether the blocker's batch held the others depends on the thread; the pair shared one in any case or the
        // first was committed before the second failed alone.
        assert!(blocked.is_ok() || blocked.is_err());
        assert!(second.is_err());
        let left = numbers(&writer).await;
        assert_eq!(first.is_ok(), left == [1], "the answer and the store disagree");
        drop(writer);
        assert_eq!(sunk.iter().flatten().collect::<Vec<_>>(), left);
    }

    async fn futures_join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
        tokio::join!(a, b)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_does_nothing() {
        let (writer, _sunk) = writer(WriterSettings { queue: 1, batch: 1 });
        let (hold, held) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let busy = tokio::spawn({
            let writer = writer.clone();
            async move {
                let work = move |_: &mut Tx<'_, i64>| {
                    begun.send(()).ok();
                    held.recv().ok();
                    Ok(())
                };
                writer.write(work).await
            }
        });
        tokio::task::yield_now().await;
        tokio::task::spawn_blocking(move || has_begun.recv()).await.unwrap().unwrap();
        let waiting = writer.write(|tx| insert(tx, 1));
        tokio::pin!(waiting);
        assert!(futures_poll(&mut waiting).await.is_none(), "the queue has room for one");
        let refused = writer.write(|tx| insert(tx, 2)).await;
        assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}");
        hold.send(()).unwrap();
        busy.await.unwrap().unwrap();
        waiting.await.unwrap();
        assert_eq!(numbers(&writer).await, [1]);
    }

    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|cx| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(cx) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn work_is_done_in_the_order_in_which_it_was_handed_over() {
        let (writer, sunk) = writer(WriterSettings { queue: 1_024, batch: 7 });
        let mut calls: Vec<_> = (0..500).map(|n| Box::pin(writer.append(move |tx| insert(tx, n)))).collect();
        for call in &mut calls {
            assert!(futures_poll(call).await.is_none_or(|done| done.is_ok()));
        }
        numbers(&writer).await;
        drop(calls);
        drop(writer);
        assert_eq!(sunk.iter().flatten().collect::<Vec<_>>(), (0..500).collect::<Vec<_>>());
    }

    /// Who is in a batch that begins with one, when so many wait and there were so many before.
    fn batch(waiting: usize, before: usize) -> usize {
        let (jobs, queue) = bounded(16);
        (0..waiting).for_each(|job| jobs.send(job).unwrap());
        let mut batch = vec![0];
        linger(&queue, &mut batch, before);
        batch.len()
    }

    #[test]
    fn a_batch_waits_for_the_company_of_the_one_before_and_for_nobody_when_there_was_none() {
        assert_eq!(batch(9, 0), 1);
        assert_eq!(batch(9, COMPANY - 1), 1, "those who come by chance are not waited for");
        assert_eq!(batch(9, 6), 6, "no more than before: whoever else waits has the next batch");
        assert_eq!(batch(9, 10), 10);
        assert_eq!(batch(2, 10), 3, "and not for ever for those who do not come");
    }
}
