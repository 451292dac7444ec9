//! The table of commands as the documentation shows it.

use super::table::TABLE;

/// A Markdown table of all commands.
pub fn markdown() -> String {
    let mut text = String::from("| command | what it does | example |\n|---|---|---|\n");
    for row in TABLE {
        text.push_str(&format!("| `{}` | {} | `{}` |\n", row.usage().replace('|', "\\|"), row.summary, row.example));
    }
    text
}
