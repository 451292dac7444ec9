//! The command `natter`: the whole product in one process.

use std::process::ExitCode;

fn main() -> ExitCode {
    natter::main()
}
