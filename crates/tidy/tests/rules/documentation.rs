//! Every kind of problem has a page, and no page is about nothing.

use std::collections::BTreeSet;
use std::fs;

use contract::problem::Slug;
use tidy::assert_none;
use tidy::workspace::root;

#[test]
fn every_problem_is_explained_and_no_page_explains_none() {
    let directory = fs::read_dir(root().join("docs/problems")).expect("docs/problems can be read");
    let pages: BTreeSet<String> =
        directory.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    let wanted: BTreeSet<String> = Slug::ALL.iter().map(|slug| format!("{}.md", slug.as_str())).collect();
    let missing = wanted.difference(&pages).map(|page| format!("docs/problems/{page} is missing. Write it."));
    let orphaned = pages
        .difference(&wanted)
        .map(|page| format!("docs/problems/{page} is about no problem of crates/contract/src/problem.rs. Remove it."));
    assert_none(&missing.chain(orphaned).collect::<Vec<_>>());
}

#[test]
fn the_links_between_documents_lead_somewhere() {
    let mut violations = Vec::new();
    for directory in ["", "docs/", "docs/adr/", "docs/problems/"] {
        for page in pages(directory) {
            let text = fs::read_to_string(root().join(&page)).expect("a document can be read");
            for target in links(&text) {
                // The server serves the pages of problems under a path of their own.
                let file = match target.strip_prefix("/problems/") {
                    Some(slug) => format!("docs/problems/{slug}.md"),
                    None => format!("{directory}{target}"),
                };
                if !root().join(&file).exists() {
                    violations.push(format!("{page} links to {target}, which is not there."));
                }
            }
        }
    }
    assert_none(&violations);
}

/// The Markdown files right in a directory, which is named from the root.
fn pages(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(directory)).expect("the directory can be read");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".md")).map(|name| format!("{directory}{name}")).collect()
}

#[test]
fn the_paths_that_guides_name_are_there() {
    let mut violations = Vec::new();
    for guide in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/operations.md", "docs/troubleshooting.md"] {
        let text = fs::read_to_string(root().join(guide)).expect("the guide is there");
        for path in paths(&text).filter(|path| !root().join(path).exists()) {
            violations.push(format!("{guide} names `{path}`, which is not there. Say where it is now."));
        }
    }
    assert_none(&violations);
}

/// The paths of our code and documents between backticks; those with a placeholder are for the reader to fill in.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let ours = ["crates/", "services/", "clients/", "migrate/", "docs/", ".ci/"];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(move |code| ours.iter().any(|place| code.starts_with(place)))
        .filter(|code| !code.contains(['<', '*', '{', '…', ' ']))
}

/// The targets of Markdown links within the repository, without their anchors.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
}
