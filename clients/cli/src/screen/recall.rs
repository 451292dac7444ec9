//! What was sent before, to be called back with the arrow keys, without losing what was being written.

use std::collections::VecDeque;

/// How many texts are kept.
pub(super) const MAX_RECALLED: usize = 500;

/// The texts that were sent, and where among them one is looking.
#[derive(Debug, Default)]
pub(super) struct Recall {
    sent: VecDeque<String>,
    /// Counted from the newest; `None` while writing something new.
    at: Option<usize>,
    draft: String,
}

impl Recall {
    /// Remembers a text that was sent, unless it repeats the one before.
    pub(super) fn remember(&mut self, text: &str) {
        self.at = None;
        self.draft.clear();
        if self.sent.front().is_some_and(|last| last == text) {
            return;
        }
        self.sent.push_front(text.to_owned());
        self.sent.truncate(MAX_RECALLED);
    }

    /// The text before the one that is shown; `current` is kept if it was not called back itself.
    pub(super) fn older(&mut self, current: &str) -> Option<&str> {
        let next = self.at.map_or(0, |at| at + 1);
        let text = self.sent.get(next)?;
        if self.at.is_none() {
            current.clone_into(&mut self.draft);
        }
        self.at = Some(next);
        Some(text)
    }

    /// The text after the one that is shown; in the end, what was being written.
    pub(super) fn newer(&mut self) -> Option<&str> {
        let at = self.at?;
        self.at = at.checked_sub(1);
        match self.at {
            Some(at) => self.sent.get(at).map(String::as_str),
            None => Some(&self.draft),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unfinished_text_comes_back_in_the_end() {
        let mut recall = Recall::default();
        recall.remember("one");
        recall.remember("two");
        recall.remember("two");
        assert_eq!(recall.newer(), None);
        assert_eq!(recall.older("draft"), Some("two"));
        assert_eq!(recall.older("two"), Some("one"));
        assert_eq!(recall.older("one"), None);
        assert_eq!(recall.newer(), Some("two"));
        assert_eq!(recall.newer(), Some("draft"));
        assert_eq!(recall.newer(), None);
    }

    #[test]
    fn only_the_latest_are_kept() {
        let mut recall = Recall::default();
        for number in 0..MAX_RECALLED + 7 {
            recall.remember(&number.to_string());
        }
        let mut oldest = String::new();
        while let Some(text) = recall.older("") {
            oldest = text.to_owned();
        }
        assert_eq!(oldest, "7");
    }
}
