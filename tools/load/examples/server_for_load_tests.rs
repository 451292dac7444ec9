//! The server that the tests of this crate start, kill and start again.

use std::process::ExitCode;

fn main() -> ExitCode {
    natter::main()
}
