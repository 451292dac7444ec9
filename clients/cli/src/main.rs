//! The command `natter-cli`.

use std::process::ExitCode;

use clap::Parser;
use natter_cli::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("natter-cli: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(natter_cli::run(arguments));
    // A thread may still wait for a line that nobody will type.
    runtime.shutdown_background();
    code
}
