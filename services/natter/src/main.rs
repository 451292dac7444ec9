//! The command `natter`: the whole product in one process.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use natter::{Configuration, Natter};
use process::Stop;

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

#[actix_web::main]
async fn main() -> ExitCode {
    let configure = |variables| Ok(Configuration::from_vars(variables)?);
    process::run("natter", Command::parse().arguments, configure, |configuration| &configuration.base, serve).await
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
    println!("Next, in another terminal:");
    println!(
        "  curl -s http://{addr}/v1/auth/signup -H 'content-type: application/json' \\\n    \
         -d '{{\"username\":\"alice\",\"email\":\"alice@example.org\",\"password\":\"a long sentence is best\"}}'"
    );
    println!("Then follow \"A first chat\" in README.md. Ctrl-C stops the server.");
}
