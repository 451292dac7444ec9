//! Compares who depends on whom with a table.

use std::collections::{BTreeMap, BTreeSet};

/// A crate and what it may depend on.
pub type Row<'a> = (&'a str, &'a [&'a str]);

/// What is found, by crate.
pub type Found = BTreeMap<String, BTreeSet<String>>;

/// Where and what a table is, for the messages.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Its name and file.
    pub name: &'a str,
    /// Its rows. A crate that is not found has no business here, and the other way round.
    pub rows: &'a [Row<'a>],
}

impl Table<'_> {
    /// Compares both ways: what is found must be allowed, and what is allowed must be found.
    pub fn compare(&self, found: &Found) -> Vec<String> {
        let Self { name, rows } = *self;
        let allowed: BTreeMap<&str, BTreeSet<&str>> =
            rows.iter().map(|(package, others)| (*package, others.iter().copied().collect())).collect();
        let mut violations = Vec::new();
        for (package, others) in found {
            let Some(row) = allowed.get(package.as_str()) else {
                violations
                    .push(format!("{package} has no row in {name}. Add one: it decides what {package} may know."));
                continue;
            };
            for other in others.iter().filter(|other| !row.contains(other.as_str())) {
                violations.push(format!(
                    "{package} depends on {other}, and its row in {name} does not allow that. Remove it from the \
                     Cargo.toml of {package}; if {package} really has to know it, add it to the row and say why in an ADR."
                ));
            }
            for other in row.iter().filter(|other| !others.contains(**other)) {
                violations.push(format!(
                    "{package} does not depend on {other} any more. Remove {other} from its row in {name}."
                ));
            }
        }
        for package in allowed.keys().filter(|package| !found.contains_key(**package)) {
            violations.push(format!("There is no crate {package} any more. Remove its row from {name}."));
        }
        violations
    }
}

/// The edges between the two services. They meet in `natter` alone.
pub fn between_services(found: &Found) -> Vec<String> {
    let service = |package: &str| ["auth-", "chat-"].into_iter().find(|prefix| package.starts_with(prefix));
    let crosses =
        |from: &str, to: &str| matches!((service(from), service(to)), (Some(one), Some(other)) if one != other);
    found
        .iter()
        .flat_map(|(from, others)| others.iter().map(move |to| (from, to)))
        .filter(|(from, to)| crosses(from, to))
        .map(|(from, to)| {
            format!(
                "{from} depends on {to}. The services speak over HTTP, events and tokens only: put what both need into \
                 crates/, or wire them together in services/natter."
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(edges: &[Row<'_>]) -> Found {
        let names = |others: &[&str]| others.iter().map(|other| (*other).to_owned()).collect();
        edges.iter().map(|(package, others)| ((*package).to_owned(), names(others))).collect()
    }

    #[test]
    fn what_the_table_says_is_fine() {
        let rows: &[Row<'_>] = &[("entity", &["kernel"]), ("kernel", &[])];
        assert_eq!(Table { name: "t", rows }.compare(&found(rows)), [""; 0]);
    }

    #[test]
    fn a_surplus_edge_and_a_stale_one_are_both_told() {
        let table = Table { name: "t", rows: &[("entity", &["kernel", "uuid"])] };
        let violations = table.compare(&found(&[("entity", &["kernel", "rusqlite"])]));
        assert_eq!(violations.len(), 2, "{violations:?}");
        assert!(violations[0].contains("entity depends on rusqlite"), "{violations:?}");
        assert!(violations[1].contains("entity does not depend on uuid any more"), "{violations:?}");
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_both_told() {
        let violations = Table { name: "t", rows: &[("old", &[])] }.compare(&found(&[("new", &[])]));
        assert_eq!(violations.len(), 2, "{violations:?}");
        assert!(violations[0].contains("new has no row"), "{violations:?}");
        assert!(violations[1].contains("no crate old"), "{violations:?}");
    }

    #[test]
    fn an_edge_between_the_services_is_told_and_natter_is_free() {
        let edges =
            found(&[("auth-server", &["chat-entity", "auth-entity"]), ("natter", &["auth-server", "chat-server"])]);
        let violations = between_services(&edges);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert!(violations[0].contains("auth-server depends on chat-entity"), "{violations:?}");
    }
}
