//! `natter-cli send`

use std::io;

use contract::frames::MessageSent;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use kernel::RoomId;
use natter_client::{Client, Error, Live, LiveOptions, NewMessage};
use tokio::time::{Instant, sleep_until};

use crate::arguments::Send;
use crate::failure::{ExitStatus, Failure, by};
use crate::lines::{Lines, given_lines, indented, read_all, read_lines, say, say_json};
use crate::words;

/// Messages that may be on their way at once, so that a file of a million lines is never in memory.
const MOST_ON_THE_WAY: usize = 100;

/// Where the messages go, and what they must be.
struct Dispatch {
    live: Live,
    room: RoomId,
    /// In characters.
    longest: u64,
    arguments: Send,
    /// When all must be done; without it, each message has its time.
    deadline: Option<Instant>,
}

pub(super) async fn run(client: &Client, arguments: Send) -> Result<(), Failure> {
    let mut deadline = arguments.deadline();
    let preparing = async {
        let room = super::enter(client, &arguments.room, arguments.join).await?;
        Ok((room, client.info().await?.limits.max_body_chars))
    };
    let (room, longest) = by(deadline, preparing).await?;
    let bodies = if !arguments.text.is_empty() {
        let text = arguments.text.join(" ");
        given_lines(if arguments.lines { text.lines().map(str::to_owned).collect() } else { vec![text] })
    } else if arguments.lines {
        read_lines()
    } else {
        let begun = Instant::now();
        let text = read_all().await?;
        deadline += begun.elapsed();
        given_lines(vec![text])
    };
    // Nothing is to be heard.
    let (live, _) = client.live(LiveOptions::default());
    let deadline = (!arguments.lines).then_some(deadline);
    let dispatch = Dispatch { live, room, longest, arguments, deadline };
    dispatch.send_all(bodies).await?;
    dispatch.live.close().await;
    Ok(())
}

impl Dispatch {
    /// Sends each body as it comes. What cannot be sent is told when all before it has been acknowledged; and so is that
    /// nobody reads the answers, which keeps no message from being sent.
    async fn send_all(&self, mut bodies: Lines) -> Result<(), Failure> {
        let mut on_the_way = FuturesOrdered::new();
        let (mut is_read, mut is_empty) = (false, true);
        let mut unsendable: Option<Failure> = None;
        let mut unwritten: Option<io::Error> = None;
        // Since when the server owes an answer.
        let mut since = Instant::now();
        while !(is_read && on_the_way.is_empty()) {
            let give_up = self.deadline.unwrap_or(since + self.arguments.timeout);
            tokio::select! {
                Some(acknowledged) = on_the_way.next(), if !on_the_way.is_empty() => {
                    let (body, outcome): (String, Result<MessageSent, Error>) = acknowledged;
                    let sent = outcome?;
                    if unwritten.is_none() {
                        unwritten = self.tell(&body, &sent).await?.err();
                    }
                    since = Instant::now();
                }
                body = bodies.recv(), if !is_read && on_the_way.len() < MOST_ON_THE_WAY => {
                    let body = match body.map(|body| body.and_then(|body| self.check(&body))) {
                        Some(Ok(Some(body))) => body,
                        Some(Ok(None)) => continue,
                        Some(Err(failure)) => {
                            (is_read, unsendable) = (true, Some(failure));
                            continue;
                        }
                        None => {
                            is_read = true;
                            continue;
                        }
                    };
                    if on_the_way.is_empty() {
                        since = Instant::now();
                    }
                    is_empty = false;
                    let sending = self.live.send(NewMessage::new(self.room, body.as_str())).await?;
                    on_the_way.push_back(async move { (body, sending.outcome().await) });
                }
                () = sleep_until(give_up), if !on_the_way.is_empty() => {
                    let text = "The server has not taken a message in time, see --timeout; it may have it.";
                    return Err(Failure::new(ExitStatus::Unreachable, text));
                }
            }
        }
        if let Some(failure) = unsendable {
            return Err(failure);
        }
        if is_empty {
            return Err(Failure::new(ExitStatus::Usage, "There is nothing to send."));
        }
        match unwritten {
            None => Ok(()),
            // Nobody reads the answers any more, and that is all.
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Some(error) => {
                let text = format!("Everything was sent; what the server answered cannot be written: {error}");
                Err(Failure::new(ExitStatus::Failed, text))
            }
        }
    }

    /// The body as it is sent; `None` when it is blank.
    fn check(&self, body: &str) -> Result<Option<String>, Failure> {
        let body = body.trim_end_matches('\n');
        let length = body.chars().count() as u64;
        if body.trim().is_empty() {
            return Ok(None);
        }
        if length > self.longest {
            let hint = match self.arguments.lines {
                true => " The lines before it were sent.",
                false => " --lines sends each line as a message of its own.",
            };
            let text = format!("That is {length} characters long; a message has at most {}.{hint}", self.longest);
            return Err(Failure::new(ExitStatus::Usage, text));
        }
        Ok(Some(body.to_owned()))
    }

    /// Says that a message is there. The inner error is that it could not be written.
    async fn tell(&self, body: &str, sent: &MessageSent) -> Result<io::Result<()>, Failure> {
        if !self.arguments.json {
            return Ok(say(&words::sent(&self.arguments.room, &indented(body))).await);
        }
        let json = serde_json::to_string(sent).map_err(|error| Failure::new(ExitStatus::Failed, error.to_string()))?;
        Ok(say_json(&json).await)
    }
}
