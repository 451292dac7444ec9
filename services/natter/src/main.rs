//! The command `natter`: the whole product in one process.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use natter::{Configuration, Natter, logging, variables};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A self-hosted, authenticated chat backend in one process, with nothing to install.
///
/// It is configured by environment variables and a .env file; .env.example names all of them. The ones most used are
/// HTTP_ADDR (127.0.0.1:8080), DATA_DIR (./data) and LIMITS_ENABLED (true).
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// A file of variables; those of the environment win over it. Without it: .env, if there is one
    #[arg(long, value_name = "PATH")]
    env_file: Option<PathBuf>,
    /// Check the configuration, say what is wrong with it, and stop
    #[arg(long)]
    check: bool,
}

#[actix_web::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("natter: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let configuration = Configuration::from_vars(variables(arguments.env_file.as_deref())?)?;
    if arguments.check {
        println!("The configuration is fine.");
        return Ok(());
    }
    // Written out when they are dropped, after everything else has ended.
    let _log = logging::start(&configuration.log)?;
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    let natter = Natter::build(configuration).await?;
    announce(&natter, begun);
    natter.run(stop(terminate, interrupt)).await?;
    Ok(())
}

/// Resolves at the first signal; at the second the process ends as it is.
async fn stop(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    actix_web::rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        eprintln!("natter: stopped at the second signal, without waiting");
        std::process::exit(1);
    });
}

/// Says where the server is and what to do next.
fn announce(natter: &Natter, begun: Instant) {
    let addr = natter.addr();
    println!(
        "Natter {} is ready at http://{addr} after {} ms.",
        env!("CARGO_PKG_VERSION"),
        begun.elapsed().as_millis()
    );
    println!("  data   {}", natter.data_dir().display());
    println!("  docs   http://{addr}/docs");
    println!("Next, in another terminal:");
    println!(
        "  curl -s http://{addr}/v1/auth/signup -H 'content-type: application/json' \\\n    \
         -d '{{\"username\":\"ada\",\"email\":\"ada@example.org\",\"password\":\"a long sentence is best\"}}'"
    );
    println!("Then follow \"A first chat\" in README.md. Ctrl-C stops the server.");
}
