//! What each program's `main` does: arguments, configuration, log, signals, and a message when something is wrong.

use std::error::Error;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Base, Variables, logging, variables};

/// The arguments that every program has.
#[derive(Args, Debug)]
pub struct Arguments {
    /// A file of variables; those of the environment win over it. Without it: .env, if there is one
    #[arg(long, value_name = "PATH")]
    pub env_file: Option<PathBuf>,
    /// Check the configuration, say what is wrong with it, and stop
    #[arg(long)]
    pub check: bool,
}

/// Resolves when the process is asked to stop.
pub type Stop = Pin<Box<dyn Future<Output = ()>>>;

/// Reads the configuration with `configure`, starts logging and serves until it is told to stop.
pub async fn run<C, F>(
    name: &'static str,
    arguments: Arguments,
    configure: impl FnOnce(Variables) -> Result<C, Box<dyn Error>>,
    base: impl FnOnce(&C) -> &Base,
    serve: impl FnOnce(C, Stop) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), Box<dyn Error>>>,
{
    let ran = async {
        let configuration = configure(variables(arguments.env_file.as_deref())?)?;
        if arguments.check {
            println!("The configuration is fine.");
            return Ok(());
        }
        // Written out when they are dropped, after everything else has ended.
        let _log = logging::start(&base(&configuration).log)?;
        allow_many_sockets();
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        serve(configuration, Box::pin(stop(name, terminate, interrupt))).await
    };
    match ran.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes all the open files that the system lets this process have: a shell or a service manager often gives it 1,024 at
/// first, and each socket is one.
fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        Ok(()) => tracing::debug!(limit = limit.maximum, "open files"),
        Err(error) => tracing::warn!(%error, limit = limit.current, "the limit of open files stays as it is"),
    }
}

/// Resolves at the first signal; at the second the process ends as it is.
async fn stop(name: &'static str, mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    actix_web::rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        eprintln!("{name}: stopped at the second signal, without waiting");
        std::process::exit(1);
    });
}
