//! The command `natter-cli`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use natter_cli::Arguments;

/// How long the next tokens may take that were asked for when the program was told to end.
const LAST_ANSWER: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("natter-cli: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        let code = natter_cli::run(arguments).await;
        // Whoever presses Ctrl-C while the server is slow must not lose the session by it.
        let _ = tokio::time::timeout(LAST_ANSWER, natter_client::tokens_settled()).await;
        code
    });
    // A thread may still wait for a line that nobody will type.
    runtime.shutdown_background();
    code
}
