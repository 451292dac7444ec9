//! Checks that migrations can be undone and that both stores have the same ones.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of the SQL files of one store and service; none when the directory is missing.
pub fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.ends_with(".sql")).collect()
}

/// What is wrong with the names of one directory: a name of another form, or one without its twin.
pub fn without_undo(directory: &str, names: &BTreeSet<String>) -> Vec<String> {
    let mut violations = Vec::new();
    for name in names {
        if !is_well_formed(name) {
            violations.push(format!(
                "{directory}/{name} is neither V<number>__<name>.sql nor its undo file U<number>__<name>.sql."
            ));
            continue;
        }
        let (kind, rest) = name.split_at(1);
        let twin = format!("{}{rest}", if kind == "V" { "U" } else { "V" });
        if !names.contains(&twin) {
            violations.push(format!("{directory}/{name} has no {twin} beside it: every migration has its undo file."));
        }
    }
    violations
}

/// The migrations that one store has and the other has not.
pub fn without_twin(service: &str, sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> Vec<String> {
    let missing = |from: &BTreeSet<String>, to: &BTreeSet<String>, store: &str| -> Vec<String> {
        from.difference(to)
            .map(|name| format!("migrate/sql/{store}/{service} lacks {name}, which the other store has."))
            .collect()
    };
    [missing(sqlite, postgres, "postgres"), missing(postgres, sqlite, "sqlite")].concat()
}

fn is_well_formed(name: &str) -> bool {
    let parts =
        name.strip_prefix(['V', 'U']).and_then(|rest| rest.strip_suffix(".sql")).and_then(|rest| rest.split_once("__"));
    parts.is_some_and(|(number, words)| {
        number.parse::<u32>().is_ok()
            && !words.is_empty()
            && words.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_migration_with_its_undo_file_is_fine() {
        assert_eq!(without_undo("d", &set(&["U1__users.sql", "V1__users.sql"])), [""; 0]);
    }

    #[test]
    fn a_missing_undo_file_and_a_stray_one_and_a_wrong_name_are_told() {
        let violations = without_undo("d", &set(&["U2__rooms.sql", "V1__users.sql", "V3_log.sql"]));
        assert_eq!(violations.len(), 3, "{violations:?}");
        assert!(violations[0].contains("no V2__rooms.sql") && violations[1].contains("no U1__users.sql"));
        assert!(violations[2].contains("V3_log.sql is neither"), "{violations:?}");
    }

    #[test]
    fn a_migration_that_one_store_lacks_is_told_whichever_it_is() {
        let violations = without_twin("auth", &set(&["V1__users.sql"]), &set(&["V2__sessions.sql"]));
        assert_eq!(violations.len(), 2, "{violations:?}");
    }
}
