//! Checks that migrations can be undone and that both stores have the same ones.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of the SQL files of one store and service; none when the directory is missing.
pub fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.ends_with(".sql")).collect()
}

/// What is wrong with the migrations of one store and service, which are in `migrate/sql`, and with their undo files,
/// which are in `migrate/undo`: refinery would take them for migrations if they were beside them.
pub fn without_undo(place: &str, migrations: &BTreeSet<String>, undos: &BTreeSet<String>) -> Vec<String> {
    let check = |names: &BTreeSet<String>, kind: char, twins: &BTreeSet<String>, twin_kind: char| -> Vec<String> {
        let judge = |name: &String| match rest(name, kind) {
            None => Some(format!("{name} of {place} is not named {kind}<number>__<name>.sql.")),
            Some(rest) => {
                let twin = format!("{twin_kind}{rest}");
                (!twins.contains(&twin)).then(|| {
                    format!("{name} of {place} has no {twin}: every migration has its undo file, and nothing else has.")
                })
            }
        };
        names.iter().filter_map(judge).collect()
    };
    [check(migrations, 'V', undos, 'U'), check(undos, 'U', migrations, 'V')].concat()
}

/// The files that one store has and the other has not. `place` is where the stores are.
pub fn without_twin(place: &str, service: &str, sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> Vec<String> {
    let missing = |from: &BTreeSet<String>, to: &BTreeSet<String>, store: &str| -> Vec<String> {
        from.difference(to)
            .map(|name| format!("{place}/{store}/{service} lacks {name}, which the other store has."))
            .collect()
    };
    [missing(sqlite, postgres, "postgres"), missing(postgres, sqlite, "sqlite")].concat()
}

/// Whether an undo file that drops something names it in its head, which `migrate down` reads. That it names the right things
/// is tested in migrate, against what really disappears. A table that the file itself has moved aside is no loss.
pub fn without_losses(file: &str, text: &str) -> Option<String> {
    let upper = text.to_uppercase();
    let is_aside = |rest: &str| {
        let table = rest.split([';', ' ', '\n']).next().unwrap_or_default();
        upper.contains(&format!("RENAME TO {table};"))
    };
    let drops = upper.contains("DROP COLUMN") || upper.split("DROP TABLE ").skip(1).any(|rest| !is_aside(rest));
    let says = text.lines().take_while(|line| line.starts_with("--")).any(|line| line.starts_with("-- loses: "));
    (drops && !says).then(|| {
        format!(
            "migrate/undo/{file} drops tables or columns and does not name them in its head: `-- loses: table, \
             table.column`, and `-- remakes: table` for what the migration fills by itself."
        )
    })
}

/// What follows the kind in a well-formed name.
fn rest(name: &str, kind: char) -> Option<&str> {
    let rest = name.strip_prefix(kind)?;
    let (number, words) = rest.strip_suffix(".sql")?.split_once("__")?;
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (number.parse::<u32>().is_ok() && !words.is_empty() && words.bytes().all(is_word)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_migration_with_its_undo_file_is_fine() {
        assert_eq!(without_undo("d", &set(&["V1__users.sql"]), &set(&["U1__users.sql"])), [""; 0]);
    }

    #[test]
    fn a_missing_undo_file_and_a_stray_one_and_a_wrong_name_are_told() {
        let violations = without_undo("d", &set(&["V1__users.sql", "V3_log.sql"]), &set(&["U2__rooms.sql"]));
        assert_eq!(violations.len(), 3, "{violations:?}");
        assert!(violations[0].contains("V1__users.sql of d has no U1__users.sql"), "{violations:?}");
        assert!(violations[1].contains("V3_log.sql of d is not named"), "{violations:?}");
        assert!(violations[2].contains("U2__rooms.sql of d has no V2__rooms.sql"), "{violations:?}");
    }

    #[test]
    fn an_undo_file_among_the_migrations_is_told() {
        let violations = without_undo("d", &set(&["U1__users.sql", "V1__users.sql"]), &set(&["U1__users.sql"]));
        assert_eq!(violations.len(), 1, "{violations:?}");
    }

    #[test]
    fn a_migration_that_one_store_lacks_is_told_whichever_it_is() {
        let violations = without_twin("migrate/sql", "auth", &set(&["V1__users.sql"]), &set(&["V2__sessions.sql"]));
        assert_eq!(violations.len(), 2, "{violations:?}");
    }
    #[test]
    fn an_undo_file_that_drops_something_without_naming_it_is_told() {
        assert!(without_losses("f", "-- Why.\nDROP TABLE a;\n-- loses: a").is_some());
        assert!(without_losses("f", "alter table a drop column b;").is_some());
        assert_eq!(without_losses("f", "-- Why.\n-- loses: a\n\nDROP TABLE a;"), None);
        assert_eq!(without_losses("f", "-- Why.\nDROP INDEX a;"), None);
        assert_eq!(without_losses("f", "ALTER TABLE a RENAME TO b;\nCREATE TABLE a (c);\nDROP TABLE b;"), None);
        assert!(without_losses("f", "ALTER TABLE a RENAME TO b;\nDROP TABLE a;").is_some());
    }
}
