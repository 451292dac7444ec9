//! What holds for the text of every Rust file.

use tidy::sources::{Source, all};
use tidy::{assert_none, workspace};

/// What must not be committed, and what to do instead. Put together from halves, so that this file has none of them.
const UNFINISHED: &[(&str, &str)] = &[
    (concat!("todo", "!("), "Write it, or leave it out."),
    (concat!("unimplemented", "!("), "Write it, or leave it out."),
    (concat!("dbg", "!("), "Remove it."),
    (concat!("#[ig", "nore"), "A test that does not run proves nothing: make it fast enough, or remove it."),
];

#[test]
fn the_files_are_found() {
    let found = all();
    assert!(found.len() > 50, "only {} files under {}", found.len(), workspace::root().display());
}

#[test]
fn no_file_is_too_long() {
    assert_none(&all().iter().filter_map(Source::too_long).collect::<Vec<_>>());
}

#[test]
fn every_file_says_first_why_it_exists() {
    assert_none(&all().iter().filter_map(Source::unexplained).collect::<Vec<_>>());
}

#[test]
fn nothing_unfinished_is_committed() {
    assert_none(&all().iter().flat_map(|source| source.unfinished(UNFINISHED)).collect::<Vec<_>>());
}

#[test]
fn tests_wait_for_what_they_want_to_see_and_not_for_a_time() {
    let elsewhere = |source: &&Source| !source.path.starts_with("crates/testkit/");
    assert_none(&all().iter().filter(elsewhere).flat_map(Source::sleeps).collect::<Vec<_>>());
}
