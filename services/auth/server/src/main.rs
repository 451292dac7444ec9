//! The command `auth`: the auth service alone, a node of a fleet.

use std::error::Error;
use std::process::ExitCode;

use auth_server::{Configuration, Server};
use clap::Parser;
use process::Stop;

/// The auth service of Natter, as a node of a fleet: accounts, sessions and tokens.
///
/// It is configured by environment variables and a .env file; .env.example names all of them. It needs POSTGRES_URL,
/// REDIS_URL, NATS_URL, AUTH_SIGNING_KEY_FILE, AUTH_REFRESH_KEY_FILE and SERVICE_KEY_FILE. The command `natter` is both
/// services in one.
#[derive(Parser)]
#[command(name = "auth", version, about, long_about)]
struct Command {
    #[command(flatten)]
    arguments: process::Arguments,
}

/// The system's own takes a good part of what a message costs, and gives memory back late.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    let configure = |variables| Ok(Configuration::from_vars(variables)?);
    process::run("auth", Command::parse().arguments, configure, |configuration| &configuration.base, serve).await
}

async fn serve(configuration: Configuration, mut stop: Stop) -> Result<(), Box<dyn Error>> {
    let server = tokio::select! {
        server = Server::build(configuration) => server?,
        () = &mut stop => return Ok(()),
    };
    println!("Natter auth {} is ready at http://{}", env!("CARGO_PKG_VERSION"), server.addr());
    Ok(server.run(stop).await?)
}
