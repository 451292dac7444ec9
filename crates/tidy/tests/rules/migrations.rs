//! Every migration can be undone, and both stores have the same ones.

use std::fs;

use tidy::assert_none;
use tidy::migrations::{names, without_twin, without_undo};
use tidy::workspace::root;

const SERVICES: [&str; 2] = ["auth", "chat"];

#[test]
fn every_migration_has_its_undo_file_and_no_undo_file_is_alone() {
    let mut violations = Vec::new();
    for store in ["sqlite", "postgres"] {
        for service in SERVICES {
            let place = format!("{store}/{service}");
            let of = |kind: &str| names(&root().join("migrate").join(kind).join(&place));
            violations.extend(without_undo(&place, &of("sql"), &of("undo")));
        }
    }
    assert_none(&violations);
}

#[test]
fn each_service_has_migrations_for_the_embedded_store() {
    for service in SERVICES {
        let directory = root().join("migrate/sql/sqlite").join(service);
        assert!(!names(&directory).is_empty(), "{} has no migrations", directory.display());
    }
}

#[test]
fn a_migration_of_one_store_has_its_twin_in_the_other() {
    let sql = root().join("migrate/sql");
    // Until there is a second store, there is nothing to be a twin of.
    if fs::exists(sql.join("postgres")).expect("migrate/sql can be read") {
        for service in SERVICES {
            let of = |store: &str| names(&sql.join(store).join(service));
            assert_none(&without_twin(service, &of("sqlite"), &of("postgres")));
        }
    }
}
