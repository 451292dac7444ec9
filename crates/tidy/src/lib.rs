//! Reads the workspace, as metadata and as text, for the rules in `tests/rules/`.
//!
//! The rules are plain tests, so `cargo test` keeps the architecture. Each function here takes what it judges and
//! returns what is wrong with it, one sentence per violation, so that its own test can show it something broken.

pub mod configuration;
pub mod dependencies;
pub mod lockfile;
pub mod migrations;
pub mod ports;
pub mod sources;
pub mod workspace;

/// Fails with all violations at once, so that one run shows everything that is to be done.
///
/// # Panics
/// When there is a violation: this is a test's last line.
pub fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n\n{}\n", violations.join("\n\n"));
}
