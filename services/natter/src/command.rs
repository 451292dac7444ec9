//! The command `natter`, as a function: the tests of clients start it, too.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use process::Stop;

use crate::{Configuration, Natter};

/// A self-hosted, authenticated chat backend in one process, with nothing to install.
///
/// It is configured by environment variables and a .env file; .env.example names all of them. The ones most used are
/// HTTP_ADDR (127.0.0.1:8080), DATA_DIR (./data) and LIMITS_ENABLED (true). With POSTGRES_URL, REDIS_URL and NATS_URL it
/// is a node of a fleet.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Command {
    #[command(flatten)]
    arguments: process::Arguments,
}

/// Reads the command line, serves until it is asked to stop, and says how it went.
pub fn main() -> ExitCode {
    let arguments = Command::parse().arguments;
    let configure = |variables| Ok(Configuration::from_vars(variables)?);
    let running = process::run("natter", arguments, configure, |configuration| &configuration.base, serve);
    actix_web::rt::System::new().block_on(running)
}

async fn serve(configuration: Configuration, mut stop: Stop) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let natter = tokio::select! {
        natter = Natter::build(configuration) => natter?,
        () = &mut stop => return Ok(()),
    };
    announce(&natter, begun);
    Ok(natter.run(stop).await?)
}

/// Says where the server is and what to do next.
fn announce(natter: &Natter, begun: Instant) {
    let addr = natter.addr();
    println!(
        "Natter {} is ready at http://{addr} after {} ms.",
        env!("CARGO_PKG_VERSION"),
        begun.elapsed().as_millis()
    );
    println!("  data   {}", natter.data());
    println!("  docs   http://{addr}/docs");
    println!("Next, in another terminal: natter-cli --addr {addr}");
    println!("  from Natter's sources: make cli ARGS='--addr {addr}'");
    println!("Ctrl-C stops the server.");
}
