//! The command `natter`: the whole product in one process.

use std::process::ExitCode;

/// The system's own takes a good part of what a message costs, and gives memory back late.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    natter::main()
}
