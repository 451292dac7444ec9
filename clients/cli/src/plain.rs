//! Chatting without a screen: lines in, lines out.

use std::collections::HashMap;

use contract::frames::RoomEntry;
use kernel::RoomId;
use natter_client::{Around, Client, Ended, LiveOptions, Status, Update, Updates};

use crate::actions::{Desk, Outcome, Place, carry_out, sentence};
use crate::commands::{Command, parse};
use crate::failure::{ExitStatus, Failure};
use crate::lines::{complain, event_line, indented, message_line, read_lines, say};
use crate::words;

/// A conversation in lines.
struct Plain {
    desk: Desk,
    place: Place,
    /// The room that one is leaving.
    leaving: Option<RoomId>,
    /// Whether a command could not be carried out.
    has_failed: bool,
    is_away: bool,
}

/// Reads lines until they end, and writes what is said meanwhile. Each line is done before the next one is read.
///
/// # Errors
/// When the server cannot be reached at first, or the session is over. A command that failed makes it
/// [`ExitStatus::Failed`] in the end.
pub(crate) async fn run(client: &Client) -> Result<(), Failure> {
    let info = client.info().await?;
    // A session that is over shows here, before anything is read.
    let rooms = client.my_rooms().await?;
    let (live, updates) = client.live(LiveOptions::default());
    let names: HashMap<RoomId, String> =
        rooms.iter().map(|mine| (mine.room.id, words::room_name(&mine.room))).collect();
    let home = names.iter().find(|(_, name)| *name == words::HOME).or_else(|| names.iter().next());
    let room = home.map(|(room, _)| *room);
    let desk = Desk { client: client.clone(), live, info: info.into() };
    let mut plain = Plain { desk, place: Place { room, names }, leaving: None, has_failed: false, is_away: false };
    plain
        .say(&format!("Signed in as {} on {}. /help explains the commands.", client.username(), client.address()))
        .await?;
    let ended = plain.converse(updates).await;
    plain.desk.live.close().await;
    ended?;
    if plain.has_failed { Err(Failure::new(ExitStatus::Failed, "")) } else { Ok(()) }
}

impl Plain {
    async fn converse(&mut self, mut updates: Updates) -> Result<(), Failure> {
        let mut lines = read_lines();
        self.until_ready(&mut updates).await?;
        loop {
            tokio::select! {
                // What was said before a line is written before its answer.
                biased;
                update = updates.next() => self.hear(update).await?,
                line = lines.recv() => {
                    let Some(line) = line else { return Ok(()) };
                    if !self.obey(&line?, &mut updates).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn until_ready(&mut self, updates: &mut Updates) -> Result<(), Failure> {
        loop {
            let update = updates.next().await;
            let is_ready = matches!(update, Some(Update::Status(Status::Ready)));
            self.hear(update).await?;
            if is_ready {
                return Ok(());
            }
        }
    }

    /// Does what a line says; `false` when it was the last one.
    async fn obey(&mut self, line: &str, updates: &mut Updates) -> Result<bool, Failure> {
        if line.trim().is_empty() {
            return Ok(true);
        }
        let command = match parse(line) {
            Ok(command) => command,
            Err(error) => return self.fail(&error.to_string()).await.map(|()| true),
        };
        let (desk, place) = (self.desk.clone(), self.place.clone());
        self.leaving = place.room.filter(|_| command == Command::Leave);
        // That the connection ends with the session is no news.
        let is_signing_out = command == Command::Signout;
        let carrying_out = carry_out(&desk, &place, command);
        let outcome = if is_signing_out { carrying_out.await } else { self.hearing(updates, carrying_out).await? };
        match outcome {
            Err(sentence) => self.fail(&sentence).await?,
            Ok(Outcome::Told(text)) => self.say(&text).await?,
            Ok(Outcome::GoTo { room, name, text, .. }) => {
                self.place.names.insert(room, name);
                self.place.room = Some(room);
                self.say(&text).await?;
            }
            Ok(Outcome::Left(room, text)) => {
                self.place.names.remove(&room);
                self.place.room = self.home();
                self.say(&text).await?;
            }
            Ok(Outcome::Send(message)) => {
                let (room, emote) = (message.room_id, words::emote(message.format, &message.body));
                let body =
                    emote.map_or_else(|| message.body.clone(), |text| format!("* {} {text}", desk.client.username()));
                let sent = match desk.live.send(message).await {
                    Ok(sending) => self.hearing(updates, sending.outcome()).await?,
                    Err(error) => Err(error),
                };
                match sent {
                    Ok(_) => self.write(&words::sent(self.name(room), &indented(&body))).await?,
                    Err(error) => self.fail(&sentence(&error)).await?,
                }
            }
            Ok(Outcome::Older(count)) => self.history(count).await?,
            Ok(Outcome::Done) => self.say("Done.").await?,
            Ok(Outcome::SignedOut) => {
                self.say("Signed out.").await?;
                return Ok(false);
            }
            Ok(Outcome::Quit) => return Ok(false),
        }
        Ok(true)
    }

    async fn history(&mut self, count: u32) -> Result<(), Failure> {
        let Some(room) = self.place.room else { return Ok(()) };
        match self.desk.client.history(room, Around::Newest, count).await {
            Ok(history) => {
                let name = self.name(room).to_owned();
                for message in &history.items {
                    self.write(&message_line(&name, message)).await?;
                }
                Ok(())
            }
            Err(error) => self.fail(&sentence(&error)).await,
        }
    }

    /// Waits for something, and writes what is said meanwhile.
    async fn hearing<T>(&mut self, updates: &mut Updates, awaited: impl Future<Output = T>) -> Result<T, Failure> {
        let mut awaited = std::pin::pin!(awaited);
        loop {
            tokio::select! {
                done = &mut awaited => return Ok(done),
                update = updates.next() => self.hear(update).await?,
            }
        }
    }

    async fn hear(&mut self, update: Option<Update>) -> Result<(), Failure> {
        match update {
            None => return Err(Failure::new(ExitStatus::Failed, "The connection has ended.")),
            Some(Update::Event(event)) => {
                // What one does oneself is told when it is done.
                let is_own = event.actor_id == Some(self.desk.client.user_id());
                if !is_own && let Some(line) = event_line(self.name(event.room_id), &event) {
                    self.write(&line).await?;
                }
            }
            Some(Update::Room(entry)) => self.enter(&entry),
            Some(Update::RoomRemoved(room)) => {
                // To leave by a command of one's own is no news.
                if self.leaving != Some(room)
                    && let Some(name) = self.place.names.remove(&room)
                {
                    if self.place.room == Some(room) {
                        self.place.room = self.home();
                    }
                    self.say(&format!("You are not in {name} any more.")).await?;
                }
            }
            Some(Update::Status(status)) => self.note(status).await?,
            Some(Update::Skipped { room_id, from, to }) => {
                let text = format!("{} of {} are not shown; /history does.", to + 1 - from, self.name(room_id));
                self.say(&text).await?;
            }
            Some(Update::Passing(_) | Update::Sending { .. }) => {}
        }
        Ok(())
    }

    fn enter(&mut self, entry: &RoomEntry) {
        self.place.names.insert(entry.room.id, words::room_name(&entry.room));
        self.place.room = self.place.room.or(Some(entry.room.id));
    }

    async fn note(&mut self, status: Status) -> Result<(), Failure> {
        match status {
            Status::Waiting { retry_in, why } => {
                self.is_away = true;
                complain(&format!("Reconnecting in {} s: {why}", retry_in.as_secs().max(1))).await;
            }
            Status::Ready if std::mem::take(&mut self.is_away) => {
                complain("Connected again; nothing was missed.").await;
            }
            Status::Ended(Ended::SessionEnded(why)) => {
                let text = format!("Your session has ended: {why}");
                return Err(Failure::new(ExitStatus::NotSignedIn, text));
            }
            Status::Ended(Ended::Refused(why)) => return Err(Failure::new(ExitStatus::Failed, why)),
            Status::Connecting | Status::CatchingUp | Status::Ready | Status::Ended(Ended::Closed) => {}
        }
        Ok(())
    }

    fn home(&self) -> Option<RoomId> {
        let names = &self.place.names;
        names.iter().find(|(_, name)| *name == words::HOME).or_else(|| names.iter().next()).map(|(room, _)| *room)
    }

    fn name(&self, room: RoomId) -> &str {
        self.place.names.get(&room).map_or("?", String::as_str)
    }

    async fn say(&self, text: &str) -> Result<(), Failure> {
        self.write(&words::system(&indented(text))).await
    }

    async fn fail(&mut self, text: &str) -> Result<(), Failure> {
        self.has_failed = true;
        self.say(text).await
    }

    async fn write(&self, text: &str) -> Result<(), Failure> {
        Ok(say(text).await?)
    }
}
