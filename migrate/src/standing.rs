//! Where a schema stands among the migrations that this program knows.

use refinery::Migration as Known;

/// A migration, by its number and what it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migration {
    /// Its number: the schema's version after it.
    pub version: i64,
    /// The words of its file's name.
    pub name: String,
}

impl std::fmt::Display for Migration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "V{} {}", self.version, self.name)
    }
}

/// A row of a store's history.
pub(crate) struct Applied {
    pub(crate) migration: Migration,
    pub(crate) checksum: String,
}

/// The store's history compared with what this program knows; all lists in the order of the versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The version that the schema is at; 0 for an empty store.
    pub found: i64,
    /// The newest version that this program knows.
    pub known: i64,
    /// What was applied and is known.
    pub applied: Vec<Migration>,
    /// What is known and was not applied.
    pub pending: Vec<Migration>,
    /// What was applied and is not known: a newer program was here.
    pub unknown: Vec<Migration>,
    /// What was applied in another form than the one that is known. A migration never changes, so the store is another
    /// program's.
    pub changed: Vec<Migration>,
}

impl Standing {
    pub(crate) fn of(known: &[Known], history: &[Applied]) -> Self {
        let of_known = |known: &Known| Migration { version: known.version().into(), name: known.name().to_owned() };
        let twin = |row: &Applied| known.iter().find(|known| i64::from(known.version()) == row.migration.version);
        let differs = |row: &&Applied| {
            twin(row)
                .is_some_and(|twin| twin.name() != row.migration.name || twin.checksum().to_string() != row.checksum)
        };
        let rows = |keep: &dyn Fn(&&Applied) -> bool| -> Vec<Migration> {
            let mut kept: Vec<_> = history.iter().filter(keep).map(|row| row.migration.clone()).collect();
            kept.sort_by_key(|migration| migration.version);
            kept
        };
        let is_applied = |known: &Known| history.iter().any(|row| row.migration.version == i64::from(known.version()));
        let mut pending: Vec<_> = known.iter().filter(|known| !is_applied(known)).map(of_known).collect();
        pending.sort_by_key(|migration| migration.version);
        Self {
            found: history.iter().map(|row| row.migration.version).max().unwrap_or(0),
            known: known.iter().map(|known| known.version().into()).max().unwrap_or(0),
            applied: rows(&|row| twin(row).is_some()),
            pending,
            unknown: rows(&|row| twin(row).is_none()),
            changed: rows(&differs),
        }
    }

    /// Whether this program can serve the store as it is.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && self.unknown.is_empty() && self.changed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Known> {
        ["V1__rooms", "V2__logs"].map(|name| Known::unapplied(name, "SELECT 1").unwrap()).to_vec()
    }

    fn row(version: i64, name: &str, checksum: u64) -> Applied {
        Applied { migration: Migration { version, name: name.to_owned() }, checksum: checksum.to_string() }
    }

    fn names(migrations: &[Migration]) -> Vec<String> {
        migrations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_missing_is_pending_and_what_is_not_known_is_newer() {
        let known = known();
        let empty = Standing::of(&known, &[]);
        assert_eq!(
            (empty.found, empty.known, names(&empty.pending)),
            (0, 2, vec!["V1 rooms".into(), "V2 logs".into()])
        );
        let rows = [row(3, "polls", 7), row(1, "rooms", known[0].checksum()), row(2, "logs", known[1].checksum())];
        let newer = Standing::of(&known, &rows);
        assert_eq!((newer.found, names(&newer.unknown), newer.pending.len()), (3, vec!["V3 polls".into()], 0));
        assert!(!empty.is_current() && !newer.is_current() && Standing::of(&known, &rows[1..]).is_current());
    }

    #[test]
    fn a_migration_that_was_applied_in_another_form_is_told() {
        let known = known();
        for other in [row(1, "rooms", 7), row(1, "halls", known[0].checksum())] {
            let standing = Standing::of(&known, &[other]);
            assert_eq!((standing.changed.len(), standing.is_current()), (1, false));
        }
    }
}
