//! Puts the fragments of a message together, in memory of its own, so that a fragment never keeps the buffer alive that
//! it arrived in. The guard has bounded their number and size.

use actix_http::ws::Item;
use bytes::Bytes;

/// What has arrived of a fragmented message.
#[derive(Default)]
pub(super) struct Reassembly {
    text: bool,
    bytes: Vec<u8>,
}

/// A message that was put together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// A text that is UTF-8.
    Text(String),
    /// A text that is not.
    NotUtf8,
    /// Not a text.
    Binary,
}

impl Reassembly {
    /// Takes the next fragment and gives the message after its last. The parser has checked that they come in order.
    pub(super) fn take(&mut self, item: Item) -> Option<Whole> {
        let (fragment, is_last): (Bytes, bool) = match item {
            Item::FirstText(bytes) => {
                self.text = true;
                (bytes, false)
            }
            Item::FirstBinary(bytes) => {
                self.text = false;
                (bytes, false)
            }
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        self.bytes.extend_from_slice(&fragment);
        if !is_last {
            return None;
        }
        let bytes = std::mem::take(&mut self.bytes);
        Some(match (self.text, String::from_utf8(bytes)) {
            (true, Ok(text)) => Whole::Text(text),
            (true, Err(_)) => Whole::NotUtf8,
            (false, _) => Whole::Binary,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_may_be_cut_in_two() {
        let mut reassembly = Reassembly::default();
        let (first, last) = "grüße".as_bytes().split_at(3);
        assert_eq!(reassembly.take(Item::FirstText(Bytes::copy_from_slice(first))), None);
        assert_eq!(reassembly.take(Item::Continue(Bytes::new())), None);
        assert_eq!(reassembly.take(Item::Last(Bytes::copy_from_slice(last))), Some(Whole::Text("grüße".into())));
        assert_eq!(reassembly.take(Item::FirstBinary(Bytes::from_static(b"x"))), None);
        assert_eq!(reassembly.take(Item::Last(Bytes::new())), Some(Whole::Binary));
    }
}
