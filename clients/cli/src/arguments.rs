//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tokio::time::Instant;

/// Chat on a Natter server: on a screen, line by line, or from a script.
///
/// Without a command it opens the screen; where its input or output is no terminal, it reads and writes lines instead. At
/// the first start it asks for a name and a password, or makes an account; after that the session is remembered until
/// /signout. Type /help for what else there is.
#[derive(Debug, Parser)]
#[command(name = "natter-cli", version, about, long_about, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Where and who.
    #[command(flatten)]
    pub who: Who,
    /// Read and write lines instead of opening the screen.
    #[arg(long)]
    pub plain: bool,
    /// What to do instead of chatting.
    #[command(subcommand)]
    pub command: Option<Script>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 3 not signed in, 4 the server cannot be reached.
Sessions are kept in $XDG_STATE_HOME/natter (~/.local/state/natter), readable by you alone. NO_COLOR is heeded.
The whole guide is docs/cli.md.";

/// Where to connect, and as whom.
#[derive(Clone, Debug, Args)]
pub struct Who {
    /// The server: host:port, or a URL such as https://chat.example.org
    #[arg(long, global = true, default_value = "localhost:8080", value_name = "ADDRESS")]
    pub addr: String,
    /// Your user name or e-mail address [default: whoever signed in last]
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,
    /// Read the password from the first line of this file instead of asking, `-` for standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// What scripts do.
#[derive(Debug, Subcommand)]
pub enum Script {
    /// Send a message, and end when the server has it
    Send(Send),
    /// Write each message of a room as it comes
    Tail(Tail),
    /// List your rooms, and what is unread in them
    Rooms(Rooms),
}

/// `natter-cli send`
#[derive(Debug, Args)]
pub struct Send {
    /// The room's name
    #[arg(long, short, value_name = "ROOM")]
    pub room: String,
    /// Join the room if you are not in it
    #[arg(long)]
    pub join: bool,
    /// Send each line as a message of its own; blank lines are passed over
    #[arg(long)]
    pub lines: bool,
    /// Write what the server answered, a JSON object for each message
    #[arg(long)]
    pub json: bool,
    /// Give up when it takes longer, not counting the time that the text takes to come; with --lines, when for so long no
    /// message was taken
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
    /// When it was called: from then on the timeout counts.
    #[arg(skip = Instant::now())]
    pub begun: Instant,
    /// The message; without it, all of standard input
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
}

impl Send {
    /// When it must be done.
    pub(crate) fn deadline(&self) -> Instant {
        self.begun + self.timeout
    }
}

/// Seconds that somebody may want to wait: up to a year.
fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=31_536_000) => Ok(Duration::from_secs(seconds)),
        Ok(_) | Err(_) => Err("it must be a number of seconds, from 1 to 31536000".to_owned()),
    }
}

/// `natter-cli tail`
#[derive(Debug, Args)]
pub struct Tail {
    /// The room's name
    #[arg(long, short, value_name = "ROOM")]
    pub room: String,
    /// Join the room if you are not in it
    #[arg(long)]
    pub join: bool,
    /// Write each event of the room's log as the JSON object that the server sends
    #[arg(long)]
    pub json: bool,
    /// Begin with so many events of the past
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 0)]
    pub last: u64,
    /// Begin after this place of the room's log (the `seq` of the last event that you have)
    #[arg(long, value_name = "SEQ", conflicts_with = "last")]
    pub after: Option<u64>,
    /// End when everything that is there has been written
    #[arg(long)]
    pub no_follow: bool,
}

/// `natter-cli rooms`
#[derive(Debug, Args)]
pub struct Rooms {
    /// Write one JSON array of rooms, as `GET /v1/users/me/rooms` gives them
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn where_and_who_may_stand_on_either_side_of_the_command() {
        for line in ["natter-cli --addr a:1 --user ada rooms --json", "natter-cli rooms --json --addr a:1 --user ada"] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert_eq!((arguments.who.addr.as_str(), arguments.who.user.as_deref()), ("a:1", Some("ada")));
            assert!(matches!(arguments.command, Some(Script::Rooms(Rooms { json: true }))));
        }
        let plain = Arguments::try_parse_from(["natter-cli"]).unwrap();
        assert_eq!((plain.who.addr.as_str(), plain.plain), ("localhost:8080", false));
    }
}
