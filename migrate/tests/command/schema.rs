//! Up, down to nothing and up again is the same schema, at every version, and undo files say what they drop.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use migrate::Service;
use migrate::loss::dropped;

use crate::place::Place;

type Tables = BTreeMap<String, BTreeSet<String>>;

fn newest(service: Service) -> i64 {
    migrate::sqlite::known_version(service)
}

#[tokio::test]
async fn up_down_to_nothing_and_up_again_gives_the_same_schema() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        let mut first = Vec::new();
        for service in Service::ALL {
            let catalog = place.catalog(service.name()).await;
            assert!(catalog.len() > 3, "{catalog:#?}");
            first.push(catalog);
        }
        // Nobody has written anything, so nothing is lost, and nobody has to say that it may be.
        place.run("down 0").await.with(0);
        for service in Service::ALL {
            assert_eq!(place.catalog(service.name()).await, BTreeSet::new(), "{service:?} left something behind");
        }
        place.run("up").await.with(0);
        for (service, first) in Service::ALL.iter().zip(first) {
            assert_eq!(place.catalog(service.name()).await, first);
        }
        assert!(place.run("up").await.with(0).contains("nothing to do"));
    }
}

#[tokio::test]
async fn a_version_is_the_same_from_below_and_from_above() {
    for place in Place::both().await {
        for service in Service::ALL {
            let name = service.name();
            let mut from_below = Vec::new();
            for version in 1..=newest(service) {
                place.run(&format!("up {version} --service {name}")).await.with(0);
                from_below.push(place.catalog(name).await);
            }
            for version in (1..newest(service)).rev() {
                place.run(&format!("down {version} --service {name}")).await.with(0);
                assert_eq!(&place.catalog(name).await, &from_below[version as usize - 1], "{name} down to {version}");
            }
            for version in 2..=newest(service) {
                place.run(&format!("up {version} --service {name}")).await.with(0);
                assert_eq!(&place.catalog(name).await, &from_below[version as usize - 1], "{name} up to {version}");
            }
        }
    }
}

#[tokio::test]
async fn undo_files_name_exactly_the_tables_and_columns_that_disappear() {
    for place in Place::both().await {
        place.run("up").await.with(0);
        for service in Service::ALL {
            let name = service.name();
            for version in (0..newest(service)).rev() {
                let before = place.tables(name).await;
                place.run(&format!("down {version} --service {name}")).await.with(0);
                let after = place.tables(name).await;
                let undo = undo_file(place.kind(), name, version + 1);
                let mut said: Vec<_> = dropped(&[&undo])
                    .iter()
                    .map(|one| one.column.map_or(one.table.to_owned(), |column| format!("{}.{column}", one.table)))
                    .collect();
                said.sort();
                assert_eq!(said, gone(&before, &after), "{} of {name}, U{}", place.kind(), version + 1);
            }
        }
    }
}

/// Tables that disappeared, and columns of those that stayed.
fn gone(before: &Tables, after: &Tables) -> Vec<String> {
    let mut gone = Vec::new();
    for (table, columns) in before {
        match after.get(table) {
            None => gone.push(table.clone()),
            Some(left) => gone.extend(columns.difference(left).map(|column| format!("{table}.{column}"))),
        }
    }
    gone.sort();
    gone
}

fn undo_file(kind: &str, service: &str, version: i64) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("undo").join(kind).join(service);
    let is_wanted = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with(&format!("U{version}__"));
    let mut files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    fs::read_to_string(files.find(|path| is_wanted(path)).unwrap()).unwrap()
}

#[tokio::test]
async fn a_schema_that_is_where_it_should_be_stays_there() {
    for place in Place::both().await {
        place.run("up --service chat").await.with(0);
        place.run("up 1 --service auth").await.with(0);
        // `all` means both, wherever each of them is.
        let said = place.run("up 1").await.with(0);
        assert!(said.contains("auth  is at version 1, nothing to do"), "{said}");
        assert!(said.contains("chat  is at version 5, nothing to do"), "{said}");
        let said = place.run("down 1").await.with(0);
        assert!(said.contains("auth  is at version 1, nothing to do"), "{said}");
        assert!(said.contains("chat  V2 membership_and_profile_versions undone"), "{said}");
        let said = place.run("up").await.with(0);
        assert!(said.contains("auth  V2 outbox_and_profile_versions … "), "{said}");
    }
}
