//! What a connection does while it is there.

use std::pin::Pin;

use contract::auth::Secret;
use contract::frames::{RenewSession, Start};
use futures_util::StreamExt;
use tokio::time::Instant;

use super::command::Command;
use super::connection::{Asked, Connection};
use super::driver::{Driver, Meanwhile};
use super::parting::Parting;
use super::{SendState, Status, Update};
use crate::{Error, Refusal};

/// An access token that is being made.
pub(super) type Renewal = Pin<Box<dyn Future<Output = Result<Secret, Error>> + Send>>;

/// How far a connection has come, and what it waits for.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) has_started: bool,
    /// The server has sent all replays.
    pub(super) is_replayed: bool,
    pub(super) is_ready: bool,
    pub(super) start_again_at: Option<Instant>,
    pub(super) renewal: Option<Renewal>,
}

impl Driver {
    /// Serves until the connection is gone.
    pub(super) async fn serve(&mut self, mut connection: Connection) -> Meanwhile<Parting> {
        let mut progress = Progress::default();
        self.places.begin();
        self.tell_status(Status::CatchingUp);
        match self.serve_until_gone(&mut connection, &mut progress).await {
            Meanwhile::Done(parting) => {
                let why = match &parting {
                    Parting::Retry { why, .. } => why.clone(),
                    Parting::End(ended) => format!("{ended:?}"),
                };
                Self::lose_requests(&mut connection, &why);
                // The server has ended it, or does not answer: there is nobody to close it with.
                Meanwhile::Done(parting)
            }
            Meanwhile::Close(closer) => {
                Self::lose_requests(&mut connection, "the connection was closed");
                connection.close().await;
                Meanwhile::Close(closer)
            }
        }
    }

    async fn serve_until_gone(&mut self, connection: &mut Connection, progress: &mut Progress) -> Meanwhile<Parting> {
        if let Err(parting) = self.ask_to_start(connection).await {
            return Meanwhile::Done(parting);
        }
        loop {
            self.fetch();
            if progress.has_started
                && let Err(parting) = self.send_messages(connection).await
            {
                return Meanwhile::Done(parting);
            }
            self.note_readiness(progress);
            if self.outlet.is_full() {
                connection.is_not_read();
            }
            let deadline = self.next_deadline(connection, progress.renewal.is_some());
            let deadline = progress.start_again_at.map_or(deadline, |at| at.min(deadline));
            let is_owned = self.is_owned();
            let done = tokio::select! {
                goes_on = self.outlet.make_room(!is_owned) => {
                    if !goes_on {
                        return Meanwhile::Close(None);
                    }
                    Ok(())
                }
                frame = connection.next(), if !self.outlet.is_full() => match frame {
                    Ok(frame) => self.take_frame(connection, progress, frame),
                    Err(parting) => Err(parting),
                },
                command = self.commands.recv(), if is_owned => match command {
                    Some(Command::Send(waiting)) => {
                        let update = self.outgoing.push(*waiting);
                        self.outlet.tell(update);
                        Ok(())
                    }
                    Some(Command::Request { kind, data, answer }) => {
                        self.ask(connection, &kind, &data, answer).await
                    }
                    Some(Command::Close(closer)) => return Meanwhile::Close(Some(closer)),
                    None => {
                        self.disown();
                        Ok(())
                    }
                },
                Some(page) = self.fetches.next(), if !self.fetches.is_empty() => self.take_page(page),
                token = renewed(&mut progress.renewal) => self.renew(connection, token).await,
                () = tokio::time::sleep_until(deadline) => self.keep_time(connection, progress).await,
            };
            if let Err(parting) = done {
                return Meanwhile::Done(parting);
            }
        }
    }

    async fn ask_to_start(&mut self, connection: &mut Connection) -> Result<(), Parting> {
        let start = Start { epoch: self.places.epoch().map(str::to_owned), cursors: self.places.cursors() };
        match connection.ask("start", &start, Asked::Start).await? {
            Ok(()) => Ok(()),
            // More rooms than anybody can be in.
            Err((_, error)) => Err(Parting::by_error(&error)),
        }
    }

    /// Sends the messages that may be sent.
    async fn send_messages(&mut self, connection: &mut Connection) -> Result<(), Parting> {
        let now = Instant::now();
        self.outgoing.forget_times(now);
        while connection.in_flight() < connection.max_in_flight() {
            let Some(message) = self.outgoing.next(now) else { return Ok(()) };
            let (room_id, client_msg_id) = (message.room_id, message.client_msg_id);
            let asked = Asked::Message(room_id, client_msg_id);
            let update = match connection.ask("message.send", &message, asked).await? {
                Ok(()) => Some(Update::Sending { room_id, client_msg_id, state: SendState::Sent }),
                Err((_, error)) => {
                    let mut refusal = Refusal::bare(413);
                    refusal.detail = error.to_string();
                    self.outgoing.refuse(room_id, client_msg_id, refusal)
                }
            };
            self.outlet.tell_each(update);
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        connection: &mut Connection,
        kind: &str,
        data: &serde_json::Value,
        answer: super::command::Answer,
    ) -> Result<(), Parting> {
        if let Err((Asked::Request(answer), error)) = connection.ask(kind, data, Asked::Request(answer)).await? {
            let _ = answer.send(Err(error));
        }
        Ok(())
    }

    fn note_readiness(&mut self, progress: &mut Progress) {
        if progress.is_replayed && !progress.is_ready && self.places.is_complete() {
            progress.is_ready = true;
            self.backoff.reset();
            self.has_refreshed = false;
            self.tell_status(Status::Ready);
        }
    }

    async fn keep_time(&mut self, connection: &mut Connection, progress: &mut Progress) -> Result<(), Parting> {
        let now = Instant::now();
        if connection.deadline() <= now {
            return Err(Parting::lost("the server does not answer"));
        }
        if progress.start_again_at.is_some_and(|at| at <= now) {
            progress.start_again_at = None;
            self.ask_to_start(connection).await?;
        }
        if connection.renew_at <= now && progress.renewal.is_none() {
            // Asked for again if nothing comes of it.
            connection.renew_at = now + self.options.reply_within;
            let (session, token) = (self.client.session().clone(), connection.token.clone());
            progress.renewal = Some(Box::pin(async move { session.fresher_than(&token).await }));
        }
        Ok(())
    }

    async fn renew(&mut self, connection: &mut Connection, token: Result<Secret, Error>) -> Result<(), Parting> {
        match token {
            Ok(token) => {
                let renew = RenewSession { access_token: token.clone().into_inner() };
                // A token is never too long for a frame.
                connection.ask("session.renew", &renew, Asked::Renew(token)).await.map(drop)
            }
            Err(Error::SessionEnded(why)) => Err(Parting::End(super::Ended::SessionEnded(why))),
            // There is a minute left to try again.
            Err(error) => {
                tracing::debug!(%error, "the session could not be refreshed yet");
                Ok(())
            }
        }
    }
}

/// The token, when it is made; never while none is being made.
async fn renewed(renewal: &mut Option<Renewal>) -> Result<Secret, Error> {
    let Some(running) = renewal else { return std::future::pending().await };
    let token = running.await;
    *renewal = None;
    token
}
