//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::scenario::{ALL, Scenario};
use crate::servers::Kind;

/// Puts the load of many people on Natter, and says what it costs and how long they wait.
///
/// Every delivery is checked: each member of a room must get each message, once and in order. A figure whose run had a
/// fault counts for nothing, and the exit code is 1 then.
#[derive(Debug, Parser)]
#[command(version, about, long_about)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start servers with private data on cores of their own, measure them one after the other, and end them.
    Bench(Bench),
    /// Measure a server that runs already; it must run with LIMITS_ENABLED=false, and keeps the accounts and rooms.
    Run(Run),
    /// List the scenarios.
    List,
}

/// How long and where to.
#[derive(Debug, Args)]
pub struct Common {
    /// Scenarios to measure, with commas between them; all that suit a server when it is not given.
    #[arg(long, value_delimiter = ',', value_parser = scenario)]
    pub only: Vec<&'static str>,
    /// Seconds that count.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Seconds before them, to get warm, and for everybody to be told that the others have come.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=60))]
    pub warm_up: u64,
    /// Cores of the load; the last one that there is when it is not given.
    #[arg(long, value_delimiter = ',')]
    pub load_cores: Vec<usize>,
    /// Write the report here as Markdown: between the marks of a file that has them, else as all of it. Without it, or with
    /// `-`, it goes to standard output.
    #[arg(long)]
    pub markdown: Option<PathBuf>,
    /// Write the report here as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// The arguments of `bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// Servers to measure, with commas between them, in this order; the floor is measured after each row of each other one.
    #[arg(long, value_delimiter = ',', value_enum, default_value = "embedded,fleet,floor")]
    pub against: Vec<Kind>,
    /// Cores of the server and all that it stands on; the first one that there is when it is not given.
    #[arg(long, value_delimiter = ',')]
    pub server_cores: Vec<usize>,
    /// The program `natter`; the one beside this program when it is not given.
    #[arg(long)]
    pub natter: Option<PathBuf>,
    /// The program of the floor; the example beside this program when it is not given.
    #[arg(long)]
    pub floor: Option<PathBuf>,
    /// Where the servers keep their data while they are measured. Not memory: syncing costs nothing there.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// A variable for the servers, NAME=VALUE; may be repeated.
    #[arg(long = "env", value_parser = variable)]
    pub variables: Vec<(String, String)>,
    /// Events of the long log; 10,000,000 take some minutes to write.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(20_000..))]
    pub events: u64,
    /// The rest.
    #[command(flatten)]
    pub common: Common,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Where the server listens: host:port.
    #[arg(long)]
    pub addr: SocketAddr,
    /// Processes of the server on this machine, whose processor time is read.
    #[arg(long, value_delimiter = ',')]
    pub pid: Vec<i32>,
    /// The rest.
    #[command(flatten)]
    pub common: Common,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn scenario(name: &str) -> Result<&'static str, String> {
    let names = || ALL.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
    let found = Scenario::named(name).map(|scenario| scenario.name);
    found.ok_or_else(|| format!("there is no such scenario; there are {}", names()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn what_can_be_typed_makes_sense() {
        Arguments::command().debug_assert();
        let wrong = Arguments::try_parse_from(["natter-load", "bench", "--only", "nothing"]).unwrap_err().to_string();
        assert!(wrong.contains("there are rooms-10x100, room-1x1000"), "{wrong}");
    }
}
