//! `natter-cli send`

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use contract::frames::MessageSent;
use natter_client::{Client, LiveOptions, NewMessage, Sending};
use tokio::time::timeout;

use crate::arguments::Send;
use crate::failure::{ExitStatus, Failure};
use crate::lines::{indented, write, write_json};
use crate::words;

/// Bytes of standard input that are read at most.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

pub(super) async fn run(client: &Client, arguments: Send) -> Result<(), Failure> {
    let room = super::enter(client, &arguments.room, arguments.join).await?;
    let text = if arguments.text.is_empty() { read_all()? } else { arguments.text.join(" ") };
    let bodies: Vec<&str> = if arguments.lines { text.lines().collect() } else { vec![text.trim_end_matches('\n')] };
    let bodies: Vec<&str> = bodies.into_iter().filter(|body| !body.trim().is_empty()).collect();
    if bodies.is_empty() {
        return Err(Failure::new(ExitStatus::Usage, "There is nothing to send."));
    }
    let longest = client.info().await?.limits.max_body_chars;
    for body in &bodies {
        let length = body.chars().count() as u64;
        if length > longest {
            let hint = if arguments.lines { "" } else { " --lines sends each line as a message of its own." };
            let text = format!("That is {length} characters long; a message has at most {longest}.{hint}");
            return Err(Failure::new(ExitStatus::Usage, text));
        }
    }
    // Nothing is to be heard.
    let (live, _) = client.live(LiveOptions::default());
    let patience = Duration::from_secs(arguments.timeout);
    let mut on_the_way = std::collections::VecDeque::new();
    for body in bodies {
        // A few at a time, so that a file of a million lines is not in memory twice.
        if on_the_way.len() >= 100
            && let Some((body, sending)) = on_the_way.pop_front()
        {
            tell(&arguments, body, sending, patience).await?;
        }
        on_the_way.push_back((body, live.send(NewMessage::new(room, body)).await?));
    }
    for (body, sending) in on_the_way {
        tell(&arguments, body, sending, patience).await?;
    }
    live.close().await;
    Ok(())
}

/// Waits for a message, and says that it is there.
async fn tell(arguments: &Send, body: &str, sending: Sending, patience: Duration) -> Result<(), Failure> {
    let sent = timeout(patience, sending.outcome()).await;
    let sent: MessageSent = sent.map_err(|_| {
        let text = format!("The server has not taken a message within {} s; it may have it.", patience.as_secs());
        Failure::new(ExitStatus::Unreachable, text)
    })??;
    let mut out = io::stdout().lock();
    if arguments.json {
        let json = serde_json::to_string(&sent).map_err(|error| Failure::new(ExitStatus::Failed, error.to_string()))?;
        return Ok(write_json(&mut out, &json)?);
    }
    Ok(write(&mut out, &words::sent(&arguments.room, &indented(body)))?)
}

fn read_all() -> Result<String, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        eprintln!("Write the message; Ctrl-D on an empty line sends it.");
    }
    let mut bytes = Vec::new();
    stdin.lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::new(ExitStatus::Usage, format!("That is more than {} MiB.", MOST_BYTES >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| Failure::new(ExitStatus::Usage, "What is to be sent is not UTF-8."))
}
