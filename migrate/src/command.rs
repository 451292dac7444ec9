//! What an operator can ask for, and what the exit code says.

mod configuration;
mod down;
mod embedded;
mod postgres;
mod seed;
mod status;
mod store;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use migrate::Service;

use configuration::Configuration;
use store::{Failure, Purpose};

const AFTER_HELP: &str = "\
Which store: PostgreSQL when POSTGRES_URL is set, in the environment or in the file of variables; without it the embedded
store in DATA_DIR (./data). An embedded store belongs to one process at a time: while a server or another `migrate` holds
it, everything but `status` is refused at once. On PostgreSQL any number may run at the same time, beside servers too:
one migrates, the others wait for it and find it done.

Exit codes: 0 it is done; 1 it failed, and the message says what to do; 2 the command line is wrong. `status` has two
more: 3 migrations are pending, 4 the store is of a newer version of Natter.";

/// Brings the database schemas of Natter up to date, or back.
///
/// Natter has two services, auth and chat, and each has a schema with versions of its own: 1, 2, 3 …, one for each
/// migration; 0 is an empty store.
#[derive(Parser)]
#[command(version, about, long_about, after_help = AFTER_HELP)]
struct Command {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// A file of variables; those of the environment win over it. Without it: .env, if there is one
    #[arg(long, value_name = "PATH", global = true)]
    env_file: Option<PathBuf>,
    /// Whose schema. Versions are counted for each service: with `all`, a version is meant for both
    #[arg(long, value_enum, default_value_t = Services::All, global = true)]
    service: Services,
}

#[derive(Clone, Copy, ValueEnum)]
enum Services {
    Auth,
    Chat,
    All,
}

#[derive(Subcommand)]
enum Action {
    /// Apply what is missing, up to version N or to the newest
    ///
    /// A schema that is at N or beyond it stays as it is. Each migration is a transaction of its own; when one fails, those
    /// before it stay applied and a later `up` goes on from there.
    Up {
        /// The version to stop at
        #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..=i64::from(i32::MAX)))]
        version: Option<i64>,
    },
    /// Undo migrations, newest first, down to version N; 0 leaves nothing
    ///
    /// A schema that is at N or below it stays as it is. The way down of one service is one transaction. Where something
    /// would be lost, it is listed, and nothing happens without --yes.
    Down {
        /// The version to go back to
        #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(0..=i64::from(i32::MAX)))]
        version: i64,
        /// Lose what there is to lose
        #[arg(long)]
        yes: bool,
    },
    /// Say where each schema is; changes nothing and may run beside a server
    ///
    /// Exits with 0 when this version of Natter can serve the store, 3 when migrations are pending, 4 when the store is of a
    /// newer version. To wait for somebody else's migration: `until migrate status > /dev/null; do sleep 1; done`.
    Status {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Make demo accounts and rooms, where they are missing
    ///
    /// The schemas must be up to date. What is there is left as it is, so a second run changes nothing. The passwords are
    /// public: with ENVIRONMENT=production it is refused.
    Seed {
        /// Do it in production, too
        #[arg(long)]
        force: bool,
    },
}

impl Services {
    fn each(self) -> &'static [Service] {
        match self {
            Self::Auth => &[Service::Auth],
            Self::Chat => &[Service::Chat],
            Self::All => &Service::ALL,
        }
    }
}

/// Does what the command line says.
pub(crate) async fn run() -> ExitCode {
    let Command { action, common } = Command::parse();
    match act(action, &common).await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("migrate: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn act(action: Action, common: &Common) -> Result<ExitCode, Failure> {
    let configuration = Configuration::read(common.env_file.as_deref())?;
    let services = common.service.each();
    match action {
        Action::Up { version } => {
            let mut store = configuration.store(Purpose::Make).await?;
            up::run(&mut *store, services, version).await?;
        }
        Action::Down { version, yes } => {
            let mut store = configuration.store(Purpose::Change).await?;
            down::run(&mut *store, services, version, yes).await?;
        }
        Action::Status { json } => {
            let mut store = configuration.store(Purpose::Look).await?;
            return status::run(&mut *store, services, json).await;
        }
        Action::Seed { force } => {
            configuration.may_seed(force)?;
            let mut store = configuration.store(Purpose::Change).await?;
            seed::run(&mut *store, services, &configuration.default_rooms()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_makes_sense_to_the_parser() {
        Command::command().debug_assert();
    }
}
