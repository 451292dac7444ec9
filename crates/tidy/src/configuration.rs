//! Compares the fields of the configuration structs with `.env.example`.

use std::collections::{BTreeMap, BTreeSet};

/// The line of a struct's doc comment that makes it a configuration struct, up to the prefix itself.
const MARK: &str = "/// Environment prefix: `";

/// The variables of the marked structs in a text, in order.
///
/// A field `worker_count` of a struct marked with ``/// Environment prefix: `HTTP_`.`` is `HTTP_WORKER_COUNT`. The
/// prefix may be empty: ``/// Environment prefix: ``.``
pub fn variables(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut prefix: Option<&str> = None;
    let mut inside = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix(MARK) {
            prefix = rest.split('`').next();
        } else if line.starts_with("pub struct ") && line.ends_with('{') {
            inside = prefix.is_some();
        } else if line == "}" {
            (prefix, inside) = (None, false);
        } else if let (true, Some(prefix), Some(field)) = (inside, prefix, line.strip_prefix("    pub ")) {
            let name = field.split(':').next().unwrap_or_default();
            found.push(format!("{prefix}{}", name.to_uppercase()));
        }
    }
    found
}

/// The variables of an env file, whether they are set or stand there as a comment: `NAME=value` or `#NAME=value`.
pub fn example_variables(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let (name, _) = line.strip_prefix('#').unwrap_or(line).split_once('=')?;
        let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        (!name.is_empty() && name.bytes().all(upper)).then(|| name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

/// What the structs have and the example has not, and the other way round. `fields` maps a variable to its file.
pub fn compare(fields: &BTreeMap<String, String>, example: &[String]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for name in example {
        if !seen.insert(name) {
            violations.push(format!(".env.example has {name} twice."));
        }
        if !fields.contains_key(name) {
            violations.push(format!(
                ".env.example has {name}, which no configuration struct reads. Remove it, or mark its struct with \
                 `{MARK}PREFIX_`.` in a file named settings.rs."
            ));
        }
    }
    for (name, file) in fields.iter().filter(|(name, _)| !seen.contains(name)) {
        violations.push(format!(
            "{file} reads {name}, which .env.example does not have. Add it with its default and one line of explanation."
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = "/// How HTTP is served.\n///\n/// Environment prefix: `HTTP_`.\n#[derive(Deserialize)]\n\
                            pub struct HttpSettings {\n    /// Where.\n    #[serde(default)]\n    pub addr: SocketAddr,\n    \
                            pub worker_count: usize,\n}\n\n/// Not configuration.\npub struct Other {\n    pub field: u8,\n}\n";

    #[test]
    fn the_fields_of_marked_structs_are_variables_and_others_are_not() {
        assert_eq!(variables(SETTINGS), ["HTTP_ADDR", "HTTP_WORKER_COUNT"]);
        assert_eq!(
            variables("/// Environment prefix: ``.\npub struct S {\n    pub data_dir: PathBuf,\n}\n"),
            ["DATA_DIR"]
        );
    }

    #[test]
    fn an_example_lists_variables_that_are_set_and_such_as_are_not() {
        let text = "# Where to listen. Say A=b.\n#HTTP_ADDR=127.0.0.1:8080\nDATA_DIR=./data\n\n";
        assert_eq!(example_variables(text), ["HTTP_ADDR", "DATA_DIR"]);
    }

    #[test]
    fn a_field_without_example_an_example_without_field_and_a_repeated_one_are_told() {
        let fields = BTreeMap::from([("HTTP_ADDR".to_owned(), "settings.rs".to_owned())]);
        let violations = compare(&fields, &["OLD".to_owned(), "OLD".to_owned()]);
        assert_eq!(violations.len(), 4, "{violations:?}");
        assert!(violations.iter().any(|v| v.contains("reads HTTP_ADDR")), "{violations:?}");
        assert!(violations.iter().any(|v| v.contains("has OLD twice")), "{violations:?}");
    }
}
