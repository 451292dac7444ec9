//! Finds the ports of a service, and which of them are stores.

use std::collections::BTreeSet;

/// The public traits in a text.
pub fn traits(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("pub trait "))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

/// The traits that a text implements for something of its own.
pub fn implemented(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| line.starts_with("impl"))
        .filter_map(|line| line.split_once(" for "))
        .filter_map(|(head, _)| head.split_whitespace().last())
        .filter_map(|path| path.rsplit("::").next())
        .map(ToOwned::to_owned)
        .collect()
}

/// `LiveSessions` as `live_sessions`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_their_implementations_are_found() {
        let found = traits("/// Keeps users.\n#[async_trait]\npub trait Users: Send + Sync {\n}\ntrait Own {}\n");
        assert_eq!(found, BTreeSet::from(["Users".to_owned()]));
        let found =
            implemented("impl SqliteUsers {\n}\nimpl Users for SqliteUsers {\n}\nimpl<T> port::Rooms for T {\n");
        assert_eq!(found, BTreeSet::from(["Rooms".to_owned(), "Users".to_owned()]));
    }

    #[test]
    fn a_traits_name_becomes_a_files_name() {
        assert_eq!(snake_case("Users"), "users");
        assert_eq!(snake_case("LiveSessions"), "live_sessions");
    }
}
