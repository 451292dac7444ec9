//! Crates that must not come into the lockfile. `deny.toml` has the same list, for those who run cargo-deny.

use std::fs;

use tidy::assert_none;
use tidy::lockfile::{Ban, banned};
use tidy::workspace::root;

const BANS: &[Ban] = &[
    Ban { name: "jsonwebtoken", fixed_in: Some("10.3.0"), reason: "CVE-2026-25537, mistyped claims pass unchecked" },
    Ban { name: "tokio-postgres", fixed_in: Some("0.7.18"), reason: "RUSTSEC-2026-0178, a short row panics" },
    Ban { name: "tracing-subscriber", fixed_in: Some("0.3.20"), reason: "escape sequences from outside reach the log" },
    Ban { name: "h2", fixed_in: Some("0.4.16"), reason: "it has an advisory; use actix-web without http2" },
    Ban { name: "rsa", fixed_in: None, reason: "an unpatched advisory; use jsonwebtoken with aws_lc_rs" },
];

#[test]
fn the_lockfile_has_no_banned_version() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("there is a Cargo.lock");
    assert_none(&banned(&lock, BANS));
}

#[test]
fn deny_toml_bans_the_same() {
    let deny = fs::read_to_string(root().join("deny.toml")).expect("there is a deny.toml");
    let missing = BANS.iter().map(Ban::in_deny_toml).filter(|ban| !deny.contains(ban.as_str()));
    let mut violations: Vec<_> = missing.map(|ban| format!("deny.toml does not have `{ban}`.")).collect();
    let bans = deny.lines().filter(|line| line.trim_start().starts_with("{ crate = ")).count();
    if bans != BANS.len() {
        violations.push(format!("deny.toml bans {bans} crates and this list {}.", BANS.len()));
    }
    assert_none(&violations);
}
