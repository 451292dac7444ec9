//! The command `migrate`: brings the schemas up, takes them back, says where they are, and fills in a demo.

mod command;

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::run().await
}
