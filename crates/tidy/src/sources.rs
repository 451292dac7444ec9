//! Reads the Rust files of the workspace and judges each by its text alone.

use std::fs;
use std::path::Path;

use crate::workspace::root;

/// The most lines that a file may have. Most have far fewer; one that grows usually holds two ideas.
pub const MAX_LINES: usize = 500;

/// The directories that hold our code.
const PLACES: [&str; 5] = ["crates", "services", "migrate", "clients", "tools"];

/// A file of ours.
#[derive(Debug)]
pub struct Source {
    /// Its path from the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Every `.rs` file of ours, in the order of their paths.
pub fn all() -> Vec<Source> {
    PLACES.iter().flat_map(|place| under(place)).collect()
}

/// The `.rs` files below a directory, which is named from the root; none when it is missing.
pub fn under(directory: &str) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root.join(directory), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if entry.file_name() != "target" {
                collect(root, &path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && let (Ok(relative), Ok(text)) = (path.strip_prefix(root), fs::read_to_string(&path))
        {
            found.push(Source { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

impl Source {
    /// The lines that are compiled for tests only, with their numbers: all of a file in a `tests` directory, and of
    /// any other file what follows `#[cfg(test)]` before a module.
    pub fn test_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let from = if self.path.split('/').any(|part| part == "tests") {
            0
        } else {
            let lines: Vec<_> = self.text.lines().collect();
            lines
                .windows(2)
                .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod "))
                .unwrap_or(lines.len())
        };
        self.text.lines().enumerate().skip(from).map(|(at, line)| (at + 1, line))
    }

    /// Whether the file is longer than [`MAX_LINES`].
    pub fn too_long(&self) -> Option<String> {
        let lines = self.text.lines().count();
        (lines > MAX_LINES).then(|| {
            format!(
                "{} has {lines} lines; {MAX_LINES} are the most. Find the second idea and give it a file.",
                self.path
            )
        })
    }

    /// Whether the file does not say first why it exists.
    pub fn unexplained(&self) -> Option<String> {
        (!self.text.starts_with("//! "))
            .then(|| format!("{} does not open with a `//!` sentence that says why it exists.", self.path))
    }

    /// The lines with something that must not be committed.
    pub fn unfinished(&self, marks: &[(&str, &str)]) -> Vec<String> {
        let mut violations = Vec::new();
        for (at, line) in self.text.lines().enumerate() {
            for (mark, advice) in marks.iter().filter(|(mark, _)| line.contains(mark)) {
                violations.push(format!("{}:{} has `{mark}`. {advice}", self.path, at + 1));
            }
        }
        violations
    }

    /// The lines of tests that wait for a time instead of for what they want to see.
    pub fn sleeps(&self) -> Vec<String> {
        self.test_lines()
            .filter(|(_, line)| line.contains("sleep("))
            .map(|(at, _)| {
                format!(
                    "{}:{at} sleeps in a test. Wait for what you want to see, with testkit's polling: a fixed time is too \
                     long on a fast machine and too short on a slow one.",
                    self.path
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_over_the_limit_is_told_and_one_at_the_limit_is_fine() {
        assert!(source("a.rs", &"x\n".repeat(MAX_LINES)).too_long().is_none());
        assert!(source("a.rs", &"x\n".repeat(MAX_LINES + 1)).too_long().is_some());
    }

    #[test]
    fn a_file_that_does_not_explain_itself_is_told() {
        assert!(source("a.rs", "//! Holds a.\n").unexplained().is_none());
        assert!(source("a.rs", "use std::fs;\n//! Late.\n").unexplained().is_some());
        assert!(source("a.rs", "").unexplained().is_some());
    }

    #[test]
    fn a_mark_of_unfinished_work_is_told_with_its_line() {
        let violations = source("a.rs", "one\n    dbg\u{21}(x);\n").unfinished(&[("dbg\u{21}(", "Remove it.")]);
        assert_eq!(violations, ["a.rs:2 has `dbg\u{21}(`. Remove it."]);
    }

    #[test]
    fn sleeping_is_told_in_tests_and_left_alone_elsewhere() {
        let wait = ["tokio::time::sl", "eep(second).await;\n"].concat();
        assert_eq!(source("src/a.rs", &wait).sleeps(), [""; 0]);
        assert_eq!(source("tests/a.rs", &wait).sleeps().len(), 1);
        let mixed = format!("{wait}#[cfg(test)]\nmod tests {{\n{wait}}}\n");
        let violations = source("src/a.rs", &mixed).sleeps();
        assert_eq!(violations.len(), 1);
        assert!(violations[0].starts_with("src/a.rs:4 "), "{violations:?}");
    }
}
