//! Server frames as bytes: encoded once, shared by all who get them (RFC 6455, section 5.2).

use bytes::Bytes;
use serde::Serialize;

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
/// Bytes that a control frame can carry.
const MAX_CONTROL: usize = 125;
/// The longest header of a frame that is not masked.
const MAX_HEADER: usize = 10;

/// A text frame with this JSON.
pub(super) fn text(json: &[u8]) -> Bytes {
    frame(TEXT, json)
}

/// A text frame with this value as JSON.
pub(super) fn json(value: &impl Serialize) -> Bytes {
    // Our frames have string keys and no custom serialisers that fail, so there is nothing to go wrong.
    text(&serde_json::to_vec(value).unwrap_or_default())
}

/// Adds a text frame with this value as JSON, in one piece: the length is known only when the JSON is written, so the header
/// gets the room of the longest and stands at its end. [`spared`] finds it.
pub(super) fn put_json(bytes: &mut Vec<u8>, value: &impl Serialize) {
    let begin = bytes.len();
    bytes.resize(begin + MAX_HEADER, 0);
    // Writing to memory does not fail, and neither do our types.
    if let Err(error) = serde_json::to_writer(&mut *bytes, value) {
        tracing::error!(%error, "an event could not be written");
    }
    let length = bytes.len() - begin - MAX_HEADER;
    let (header, size) = header(TEXT, length);
    bytes[begin + MAX_HEADER - size..begin + MAX_HEADER].copy_from_slice(&header[..size]);
}

/// The frame in what [`put_json`] has added; `None` when it was cut short.
pub(super) fn spared(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.len().checked_sub(MAX_HEADER)?;
    bytes.get(MAX_HEADER - header(TEXT, length).1..)
}

/// A ping.
pub(super) fn ping() -> Bytes {
    frame(PING, &[])
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Bytes {
    frame(PONG, &payload[..payload.len().min(MAX_CONTROL)])
}

/// A close frame with a code and a reason, which is cut to what a control frame can carry.
pub(super) fn close(code: u16, reason: &str) -> Bytes {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..reason.floor_char_boundary(MAX_CONTROL - payload.len())]);
    frame(CLOSE, &payload)
}

fn frame(opcode: u8, payload: &[u8]) -> Bytes {
    let (header, size) = header(opcode, payload.len());
    let mut bytes = Vec::with_capacity(size + payload.len());
    bytes.extend_from_slice(&header[..size]);
    bytes.extend_from_slice(payload);
    Bytes::from(bytes)
}

/// The header of a frame, and how much of it there is.
fn header(opcode: u8, length: usize) -> ([u8; MAX_HEADER], usize) {
    let mut header = [0; MAX_HEADER];
    header[0] = FIN | opcode;
    let size = match length {
        0..=125 => {
            header[1] = length as u8;
            2
        }
        126..=0xffff => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    };
    (header, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_has_its_header() {
        assert_eq!(text(b"hi")[..], [0x81, 2, b'h', b'i']);
        assert_eq!(text(&[b'x'; 126])[..4], [0x81, 126, 0, 126]);
        assert_eq!(text(&[b'x'; 0xffff])[..4], [0x81, 126, 0xff, 0xff]);
        assert_eq!(text(&[b'x'; 0x1_0000])[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_frame_that_is_written_into_a_buffer_is_the_same() {
        for length in [0, 120, 200, 0x1_0000] {
            let value = "x".repeat(length);
            let mut bytes = b"before".to_vec();
            put_json(&mut bytes, &value);
            assert_eq!(spared(&bytes[6..]).unwrap(), &json(&value)[..]);
        }
        assert_eq!(spared(b"short"), None);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = close(4400, &"ü".repeat(100));
        assert_eq!(frame[..4], [0x88, 124, 0x11, 0x30]);
        assert_eq!(std::str::from_utf8(&frame[4..]).unwrap(), "ü".repeat(61));
    }
}
