//! Finding who is named in a text.

/// Names looked at in one text; more would make a message costly to accept.
const MAX_NAMES: usize = 20;
/// The bounds of a user name, in characters.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 3..=32;

/// The lower-case user names after an `@` at the start of a word, each once, at most 20.
///
/// A dot or a dash at the end is taken for punctuation, so `@ada.` names `ada`.
pub fn mentioned_names(body: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = body;
    let mut before = None;
    while let Some(at) = rest.find('@') {
        let preceding = rest[..at].chars().next_back().or(before);
        let after = &rest[at + 1..];
        let end = after.find(|c: char| !is_name_char(c)).unwrap_or(after.len());
        let name = after[..end].trim_end_matches(['.', '-']);
        let starts_word = preceding.is_none_or(|c| !is_name_char(c) && c != '@');
        if starts_word && NAME_CHARS.contains(&name.len()) {
            let name = name.to_ascii_lowercase();
            if !names.contains(&name) {
                names.push(name);
                if names.len() == MAX_NAMES {
                    break;
                }
            }
        }
        before = Some(after[..end].chars().next_back().unwrap_or('@'));
        rest = &after[end..];
    }
    names
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_at_the_start_of_words() {
        assert_eq!(mentioned_names("@Ada and (@bob), @ada again"), ["ada", "bob"]);
        assert_eq!(mentioned_names("thanks @ada. 你好@eve_2!"), ["ada", "eve_2"]);
        assert_eq!(mentioned_names("mail me: me@example.org, @@twice, @al"), [""; 0]);
    }

    #[test]
    fn a_text_full_of_names_is_not_read_to_its_end() {
        let body: String = (0..100).map(|n| format!("@user{n:03} ")).collect();
        assert_eq!(mentioned_names(&body).len(), 20);
    }

    proptest! {
        #[test]
        fn any_text_can_be_searched(body in ".*") {
            for name in mentioned_names(&body) {
                prop_assert!(NAME_CHARS.contains(&name.len()) && name.chars().all(is_name_char));
            }
        }
    }
}
