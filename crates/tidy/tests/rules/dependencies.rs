//! Who may depend on whom. These tables are the architecture: a change here is a decision, and wants a reason.

use std::collections::BTreeSet;

use tidy::assert_none;
use tidy::dependencies::{Found, Row, Table, between_services};
use tidy::workspace::{Package, packages};

/// Every crate and the workspace crates that it is built with.
///
/// `entity ← usecase ← {repository, handler} ← server ← natter`; `kernel` knows nobody.
#[rustfmt::skip]
const WORKSPACE: &[Row<'_>] = &[
    // What both services stand on.
    ("kernel", &[]),
    ("bus", &[]),
    ("limit", &[]),
    ("contract", &["kernel"]),
    ("database", &["kernel", "limit"]),
    ("identity", &["kernel"]),
    ("web", &["contract", "identity", "kernel", "limit"]),
    ("migrate", &["database", "kernel"]),
    // What each program does around its service.
    ("process", &["bus", "contract", "database", "identity", "migrate", "web"]),
    // For tests only: no crate below may be built with one of these.
    ("testkit", &["contract", "kernel"]),
    ("tidy", &[]),
    // Auth.
    ("auth-entity", &["kernel"]),
    ("auth-usecase", &["auth-entity", "kernel", "limit"]),
    ("auth-repository", &["auth-entity", "auth-usecase", "database", "kernel", "limit"]),
    ("auth-handler", &["auth-entity", "auth-usecase", "contract", "identity", "kernel", "web"]),
    ("auth-server", &[
        "auth-entity", "auth-handler", "auth-repository", "auth-usecase",
        "bus", "contract", "database", "identity", "kernel", "limit", "migrate", "process", "web",
    ]),
    // Chat. Its handler hears the bus: a frame that arrives there goes straight to sockets, and no use case is asked.
    ("chat-entity", &["kernel"]),
    ("chat-usecase", &["chat-entity", "kernel", "limit"]),
    ("chat-repository", &["chat-entity", "chat-usecase", "database", "kernel"]),
    ("chat-handler", &["bus", "chat-entity", "chat-usecase", "contract", "identity", "kernel", "limit", "web"]),
    ("chat-server", &[
        "chat-entity", "chat-handler", "chat-repository", "chat-usecase",
        "bus", "contract", "database", "identity", "kernel", "limit", "migrate", "process", "web",
    ]),
    // Both in one process. The only place where the services meet.
    ("natter", &[
        "auth-server", "auth-usecase", "chat-entity", "chat-server", "chat-usecase",
        "bus", "identity", "kernel", "migrate", "process", "web",
    ]),
    // Clients know what crosses the wire and nothing of the services behind it.
    ("natter-client", &["contract", "kernel"]),
    ("natter-cli", &["contract", "kernel", "natter-client"]),
    // A test in itself: it starts the same private servers, and signs in as any client does.
    ("natter-load", &["contract", "kernel", "natter-client", "testkit"]),
    // A test and benches, and no library: nothing can be built with it.
    ("cost", &[]),
];

/// The crates whose tests are built with workspace crates beyond those above.
#[rustfmt::skip]
const WORKSPACE_TESTS: &[Row<'_>] = &[
    ("auth-repository", &["migrate", "testkit"]),
    ("auth-server", &["testkit"]),
    ("bus", &["testkit"]),
    ("chat-repository", &["migrate", "testkit"]),
    ("chat-server", &["testkit"]),
    // It puts the hot path together as the server does, from the parts: through a socket they could not be told apart.
    ("cost", &[
        "bus", "chat-entity", "chat-handler", "chat-repository", "chat-usecase",
        "database", "identity", "kernel", "limit", "migrate", "web",
    ]),
    ("database", &["testkit"]),
    ("migrate", &["testkit"]),
    // The fault lab talks through the client library.
    ("natter", &["contract", "database", "natter-client", "testkit"]),
    // Clients are tested with a real server.
    ("natter-cli", &["natter", "testkit"]),
    ("natter-client", &["natter", "testkit"]),
    // What it writes straight into a store is compared with the schema that it writes into.
    ("natter-load", &["migrate", "natter"]),
    ("tidy", &["contract"]),
];

/// The crates from outside that rules and use cases are built with: no I/O, no HTTP, no SQL among them.
#[rustfmt::skip]
const OUTSIDE: &[Row<'_>] = &[
    ("auth-entity", &["base64", "email_address", "thiserror", "url"]),
    ("auth-usecase", &["async-trait", "thiserror", "tracing", "uuid"]),
    ("chat-entity", &["serde_json", "thiserror", "uuid"]),
    ("chat-usecase", &["async-trait", "thiserror", "tracing"]),
];

fn edges(select: impl Fn(Package) -> BTreeSet<String>) -> Found {
    packages().into_iter().map(|(name, package)| (name, select(package))).collect()
}

const HERE: &str = "crates/tidy/tests/rules/dependencies.rs";

#[test]
fn every_crate_depends_on_exactly_the_workspace_crates_of_the_table() {
    let name = &format!("WORKSPACE in {HERE}");
    assert_none(&Table { name, rows: WORKSPACE }.compare(&edges(|package| package.internal)));
}

#[test]
fn tests_depend_on_exactly_the_further_workspace_crates_of_the_table() {
    let name = &format!("WORKSPACE_TESTS in {HERE}");
    let mut found = edges(|package| package.internal_dev);
    found.retain(|_, others| !others.is_empty());
    assert_none(&Table { name, rows: WORKSPACE_TESTS }.compare(&found));
}

#[test]
fn entities_and_use_cases_depend_on_exactly_the_outside_crates_of_the_table() {
    let name = &format!("OUTSIDE in {HERE}");
    let mut found = edges(|package| package.external);
    found.retain(|package, _| package.ends_with("-entity") || package.ends_with("-usecase"));
    assert_none(&Table { name, rows: OUTSIDE }.compare(&found));
}

#[test]
fn the_two_services_do_not_know_each_other() {
    let both = edges(|package| package.internal.into_iter().chain(package.internal_dev).collect());
    assert_none(&between_services(&both));
}
