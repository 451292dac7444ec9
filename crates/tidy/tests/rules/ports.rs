//! Every store port has a contract suite, which runs the same cases on every store that implements it.

use std::collections::BTreeSet;

use tidy::workspace::root;
use tidy::{assert_none, ports, sources};

/// The ports that are no stores, by service: their glue is in `server/src/gateway/`.
const GATEWAYS: &[(&str, &[&str])] = &[
    ("auth", &["AccessTokens", "AccountEvents", "PasswordHasher", "RefreshTokens", "SessionEvents"]),
    ("chat", &["PassingEvents", "Profiles"]),
];

#[test]
fn every_port_is_a_store_with_a_contract_suite_or_a_gateway_of_the_table() {
    let mut violations = Vec::new();
    for (service, gateways) in GATEWAYS {
        let all = |directory: &str, find: fn(&str) -> BTreeSet<String>| -> BTreeSet<String> {
            let found = sources::under(&format!("services/{service}/{directory}"));
            found.iter().flat_map(|source| find(&source.text)).collect()
        };
        let found = all("usecase/src", ports::traits);
        let stored = all("repository/src", ports::implemented);
        for port in &found {
            let suite = format!("services/{service}/repository/tests/contract/{}.rs", ports::snake_case(port));
            let is_gateway = gateways.contains(&port.as_str());
            match (stored.contains(port), is_gateway) {
                (true, false) if !root().join(&suite).exists() => {
                    violations.push(format!("The port {port} has no contract suite. Write {suite}."));
                }
                (true, true) => violations.push(format!(
                    "{port} is a store of {service} and stands among the gateways in crates/tidy/tests/rules/ports.rs. \
                     Remove it there."
                )),
                (false, false) => violations.push(format!(
                    "No repository implements the port {port} of {service}. If it is a gateway, add it to the table in \
                     crates/tidy/tests/rules/ports.rs."
                )),
                _ => {}
            }
        }
        for gateway in gateways.iter().filter(|gateway| !found.contains(**gateway)) {
            violations.push(format!(
                "{service} has no port {gateway} any more. Remove it from the table in crates/tidy/tests/rules/ports.rs."
            ));
        }
    }
    assert_none(&violations);
}
