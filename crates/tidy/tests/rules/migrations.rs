//! Every migration can be undone, and both stores have the same ones.

use std::fs;

use tidy::assert_none;
use tidy::migrations::{names, without_losses, without_twin, without_undo};
use tidy::workspace::root;

const SERVICES: [&str; 2] = ["auth", "chat"];
const STORES: [&str; 2] = ["sqlite", "postgres"];

#[test]
fn every_migration_has_its_undo_file_and_no_undo_file_is_alone() {
    let mut violations = Vec::new();
    for store in STORES {
        for service in SERVICES {
            let place = format!("{store}/{service}");
            let of = |kind: &str| names(&root().join("migrate").join(kind).join(&place));
            violations.extend(without_undo(&place, &of("sql"), &of("undo")));
        }
    }
    assert_none(&violations);
}

#[test]
fn each_service_has_migrations_for_both_stores() {
    for store in STORES {
        for service in SERVICES {
            let directory = root().join("migrate/sql").join(store).join(service);
            assert!(!names(&directory).is_empty(), "{} has no migrations", directory.display());
        }
    }
}

#[test]
fn a_migration_of_one_store_has_its_twin_in_the_other() {
    for kind in ["sql", "undo"] {
        for service in SERVICES {
            let of = |store: &str| names(&root().join("migrate").join(kind).join(store).join(service));
            assert_none(&without_twin(&format!("migrate/{kind}"), service, &of("sqlite"), &of("postgres")));
        }
    }
}

#[test]
fn every_undo_file_says_what_it_loses() {
    let mut violations = Vec::new();
    for store in STORES {
        for service in SERVICES {
            let directory = root().join("migrate/undo").join(store).join(service);
            for name in names(&directory) {
                let text = fs::read_to_string(directory.join(&name)).expect("an undo file can be read");
                violations.extend(without_losses(&format!("{store}/{service}/{name}"), &text));
            }
        }
    }
    assert_none(&violations);
}
