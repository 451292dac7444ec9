//! Looks at the headers of a client's frames before anything is buffered (I13).
//!
//! actix's parser checks a frame's size only once the declared bytes are in memory, so a peer that declares a gigabyte would be
//! given one. The guard looks at what has come before the parser does.

/// Fragments of one message at most: each costs some memory whatever it carries.
const MAX_FRAGMENTS: u32 = 256;
/// The longest header: two bytes, eight of length, four of mask.
const MAX_HEADER: usize = 14;
/// The opcode of a close frame.
const CLOSE: u8 = 8;

/// A frame that is too large, in a chunk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Where it begins: what comes before is fine.
    pub(super) begins: usize,
    /// Where its payload begins.
    pub(super) payload: usize,
}

/// Follows the frames through a stream of bytes.
pub(super) struct FrameGuard {
    max_message: u64,
    /// What has arrived of the header that is being read.
    header: [u8; MAX_HEADER],
    header_length: usize,
    /// What is missing of the current frame's payload.
    payload_left: u64,
    message: u64,
    fragments: u32,
}

impl FrameGuard {
    /// For messages of so many bytes at most.
    pub(super) fn new(max_message: usize) -> Self {
        let max_message = max_message as u64;
        Self { max_message, header: [0; MAX_HEADER], header_length: 0, payload_left: 0, message: 0, fragments: 0 }
    }

    /// Looks for the first frame that is too large in what has come next.
    pub(super) fn check(&mut self, chunk: &[u8]) -> Result<(), Refused> {
        let mut at = 0;
        let mut begins = 0;
        while at < chunk.len() {
            if self.payload_left == 0 && self.header_length == 0 {
                begins = at;
            }
            if let Some(length) = self.step(chunk, &mut at)
                && !self.fits(length)
            {
                return Err(Refused { begins, payload: at });
            }
        }
        Ok(())
    }

    /// Whether the peer says goodbye somewhere in a chunk that is thrown away.
    pub(super) fn finds_close(&mut self, chunk: &[u8]) -> bool {
        let mut at = 0;
        while at < chunk.len() {
            if self.step(chunk, &mut at).is_some() && self.header[0] & 0x0f == CLOSE {
                return true;
            }
        }
        false
    }

    /// Moves on by what is left of a payload, or by one byte of a header; gives the payload's length when the header is
    /// complete.
    fn step(&mut self, chunk: &[u8], at: &mut usize) -> Option<u64> {
        if self.payload_left > 0 {
            let skipped = self.payload_left.min((chunk.len() - *at) as u64);
            self.payload_left -= skipped;
            *at += skipped as usize;
            return None;
        }
        self.header[self.header_length] = chunk[*at];
        self.header_length += 1;
        *at += 1;
        if self.header_length < 2 || self.header_length < self.wanted() {
            return None;
        }
        self.payload_left = self.declared();
        self.header_length = 0;
        Some(self.payload_left)
    }

    /// How long the header is that begins with the two bytes that are there.
    fn wanted(&self) -> usize {
        let length = match self.header[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if self.header[1] & 0x80 == 0 { length } else { length + 4 }
    }

    fn declared(&self) -> u64 {
        match self.header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.header[2..10]);
                u64::from_be_bytes(length)
            }
            length => u64::from(length),
        }
    }

    /// Whether a frame of this length may come, alone and as a part of its message.
    fn fits(&mut self, length: u64) -> bool {
        match self.header[0] & 0x0f {
            0 => {
                self.fragments += 1;
                self.message = self.message.saturating_add(length);
            }
            1 | 2 => {
                self.fragments = 1;
                self.message = length;
            }
            // Control frames come between the fragments of a message and carry 125 bytes at most.
            _ => return length <= 125,
        }
        self.message <= self.max_message && self.fragments <= MAX_FRAGMENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(opcode: u8, length: u64) -> Vec<u8> {
        let mut bytes = vec![opcode];
        match length {
            0..=125 => bytes.push(0x80 | length as u8),
            126..=0xffff => {
                bytes.push(0x80 | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes
    }

    fn whole(opcode: u8, length: usize) -> Vec<u8> {
        let mut bytes = frame(opcode, length as u64);
        bytes.resize(bytes.len() + length, b'x');
        bytes
    }

    fn begins(bytes: &[u8], max_message: usize) -> Option<usize> {
        FrameGuard::new(max_message).check(bytes).err().map(|refused| refused.begins)
    }

    #[test]
    fn a_frame_that_declares_too_much_is_refused_on_its_header() {
        let fine = whole(0x81, 1_000);
        assert_eq!(begins(&fine, 1_000), None);
        for huge in [1_001, 0x1_0000, u64::MAX] {
            let mut bytes = fine.clone();
            bytes.extend(frame(0x81, huge));
            assert_eq!(begins(&bytes, 1_000), Some(fine.len()), "{huge}");
        }
    }

    #[test]
    fn fragments_count_together_and_their_number_counts_too() {
        let mut bytes = whole(0x01, 600);
        bytes.extend(whole(0x89, 5));
        let fine = bytes.len();
        bytes.extend(whole(0x80, 401));
        assert_eq!(begins(&bytes, 1_000), Some(fine));

        let mut tiny = whole(0x01, 1);
        for _ in 0..MAX_FRAGMENTS - 1 {
            tiny.extend(whole(0x00, 1));
        }
        let fine = tiny.len();
        tiny.extend(whole(0x00, 1));
        assert_eq!(begins(&tiny, 100_000), Some(fine));
    }

    #[test]
    fn behind_a_refused_frame_only_the_peers_goodbye_is_heard() {
        let mut guard = FrameGuard::new(10);
        let huge = whole(0x81, 5_000);
        let refused = guard.check(&huge).unwrap_err();
        assert_eq!(refused, Refused { begins: 0, payload: huge.len() - 5_000 });
        assert!(!guard.finds_close(&huge[refused.payload..]));
        assert!(!guard.finds_close(&whole(0x81, 8)));
        assert!(guard.finds_close(&whole(0x88, 2)));
    }

    #[test]
    fn a_control_frame_with_a_long_payload_is_refused() {
        assert_eq!(begins(&whole(0x89, 126), 1_000), Some(0));
    }

    proptest! {
        #[test]
        fn where_the_chunks_are_cut_makes_no_difference(
            lengths in prop::collection::vec(0..400_usize, 1..20),
            cut in 1..50_usize,
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|length| whole(0x82, *length)).collect();
            let mut guard = FrameGuard::new(300);
            let refused = bytes.chunks(cut).enumerate().find_map(|(number, chunk)| {
                guard.check(chunk).err().map(|refused| (number * cut + refused.begins, number * cut + refused.payload))
            });
            let fine: usize =
                lengths.iter().take_while(|length| **length <= 300).map(|length| whole(0x82, *length).len()).sum();
            let expected = (fine < bytes.len()).then_some(fine);
            // A header that was cut in two begins in the chunk before; it alone makes nobody buffer anything.
            prop_assert_eq!(refused.is_some(), expected.is_some());
            if let (Some((begins, payload)), Some(fine)) = (refused, expected) {
                prop_assert!((fine..fine + MAX_HEADER).contains(&begins) && payload > fine);
            }
        }
    }
}
