//! The task behind a connection: connects, serves until the connection is gone, waits, connects again.

use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::catch_up::Fetch;
use super::command::Command;
use super::connection::{Asked, Connection};
use super::outgoing::Outgoing;
use super::outlet::Outlet;
use super::parting::Parting;
use super::places::Places;
use super::{Ended, LiveOptions, Status, Update};
use crate::backoff::Backoff;
use crate::{Client, Error};

/// What has happened while something else was waited for.
pub(super) enum Meanwhile<T> {
    Done(T),
    /// The owner wants it to end, and waits to hear that it has.
    Close(Option<oneshot::Sender<()>>),
}

pub(super) struct Driver {
    pub(super) client: Client,
    pub(super) options: LiveOptions,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) outlet: Outlet,
    pub(super) places: Places,
    pub(super) outgoing: Outgoing,
    pub(super) fetches: FuturesUnordered<Fetch>,
    pub(super) backoff: Backoff,
    /// Whether the token was replaced because it was refused, and no connection has been of use since.
    pub(super) has_refreshed: bool,
    /// Whether somebody may still ask for something.
    is_owned: bool,
}

impl Driver {
    pub(super) fn new(
        client: Client,
        mut options: LiveOptions,
        commands: mpsc::UnboundedReceiver<Command>,
        updates: mpsc::Sender<Update>,
    ) -> Self {
        let cursors = std::mem::take(&mut options.cursors);
        Self {
            client,
            backoff: Backoff::between(options.shortest_wait, options.longest_wait),
            options,
            commands,
            outlet: Outlet::new(updates),
            places: Places::new(cursors.epoch, cursors.rooms),
            outgoing: Outgoing::default(),
            fetches: FuturesUnordered::new(),
            has_refreshed: false,
            is_owned: true,
        }
    }

    pub(super) async fn run(mut self) {
        let (ended, closer) = loop {
            self.tell_status(Status::Connecting);
            let session = self.client.session().clone();
            let reply_within = self.options.reply_within;
            let parting = match self.meanwhile(Box::pin(Connection::open(&session, reply_within))).await {
                Meanwhile::Close(closer) => break (Ended::Closed, closer),
                Meanwhile::Done(Err(parting)) => parting,
                Meanwhile::Done(Ok(connection)) => match self.serve(connection).await {
                    Meanwhile::Close(closer) => break (Ended::Closed, closer),
                    Meanwhile::Done(parting) => parting,
                },
            };
            self.outlet.tell_each(self.outgoing.lose_connection());
            self.fetches.clear();
            let (why, hint, is_token) = match parting {
                Parting::End(ended) => break (ended, None),
                Parting::Retry { why, hint, is_token } => (why, hint, is_token),
            };
            // Once: a token that is refused as soon as it was made is a reason to wait.
            if is_token && !std::mem::replace(&mut self.has_refreshed, true) {
                let refreshing = async { session.fresher_than(&session.latest_token()).await };
                match self.meanwhile(Box::pin(refreshing)).await {
                    Meanwhile::Close(closer) => break (Ended::Closed, closer),
                    Meanwhile::Done(Ok(_)) => continue,
                    Meanwhile::Done(Err(Error::SessionEnded(why))) => break (Ended::SessionEnded(why), None),
                    Meanwhile::Done(Err(_)) => {}
                }
            }
            self.has_refreshed = false;
            let retry_in = self.backoff.next(hint);
            tracing::debug!(%why, ?retry_in, "the connection is gone");
            self.tell_status(Status::Waiting { retry_in, why });
            if let Meanwhile::Close(closer) = self.meanwhile(Box::pin(tokio::time::sleep(retry_in))).await {
                break (Ended::Closed, closer);
            }
        };
        self.end(ended, closer).await;
    }

    /// Waits for something without a connection: messages are taken in, requests are refused.
    async fn meanwhile<T>(&mut self, mut awaited: std::pin::Pin<Box<impl Future<Output = T>>>) -> Meanwhile<T> {
        loop {
            let is_owned = self.is_owned;
            tokio::select! {
                done = &mut awaited => return Meanwhile::Done(done),
                goes_on = self.outlet.make_room(!is_owned) => if !goes_on { return Meanwhile::Close(None) },
                command = self.commands.recv(), if is_owned => match command {
                    Some(Command::Send(waiting)) => {
                        let update = self.outgoing.push(*waiting);
                        self.outlet.tell(update);
                    }
                    Some(Command::Request { answer, .. }) => {
                        let _ = answer.send(Err(Error::Unreachable("there is no connection at the moment".to_owned())));
                    }
                    Some(Command::Close(closer)) => return Meanwhile::Close(Some(closer)),
                    None => self.is_owned = false,
                },
            }
        }
    }

    pub(super) fn is_owned(&self) -> bool {
        self.is_owned
    }

    pub(super) fn disown(&mut self) {
        self.is_owned = false;
    }

    pub(super) fn tell_status(&mut self, status: Status) {
        self.outlet.tell(Update::Status(status));
    }

    async fn end(mut self, ended: Ended, closer: Option<oneshot::Sender<()>>) {
        let why = match &ended {
            Ended::Closed => "the connection was closed".to_owned(),
            Ended::SessionEnded(why) | Ended::Refused(why) => why.clone(),
        };
        let error = || match &ended {
            Ended::Closed => Error::Closed,
            Ended::SessionEnded(why) => Error::SessionEnded(why.clone()),
            Ended::Refused(why) => Error::Unreachable(why.clone()),
        };
        self.outlet.tell_each(self.outgoing.abandon(&why, error));
        // Whoever asks from now on is told that it is closed.
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Send(waiting) => drop(waiting.done.send(Err(error()))),
                Command::Request { answer, .. } => drop(answer.send(Err(error()))),
                Command::Close(closer) => drop(closer.send(())),
            }
        }
        if let Some(closer) = closer {
            let _ = closer.send(());
        }
        self.tell_status(Status::Ended(ended.clone()));
        self.outlet.drain().await;
    }

    /// Those who wait for replies that will not come.
    pub(super) fn lose_requests(connection: &mut Connection, why: &str) {
        for asked in connection.unanswered() {
            if let Asked::Request(answer) = asked {
                let _ = answer.send(Err(Error::Unreachable(why.to_owned())));
            }
        }
    }

    /// When the driver must look again, whatever happens.
    pub(super) fn next_deadline(&self, connection: &Connection, is_renewing: bool) -> Instant {
        let deadline = connection.deadline();
        let deadline = if is_renewing { deadline } else { deadline.min(connection.renew_at) };
        self.outgoing.next_time().map_or(deadline, |time| time.min(deadline))
    }
}
