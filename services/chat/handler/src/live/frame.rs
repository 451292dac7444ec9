//! Server frames as bytes: encoded once, shared by all who get them (RFC 6455, section 5.2).

use bytes::{BufMut, Bytes, BytesMut};
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
    let mut bytes = BytesMut::with_capacity(payload.len() + MAX_HEADER);
    bytes.put_u8(FIN | opcode);
    match payload.len() {
        length @ 0..=125 => bytes.put_u8(length as u8),
        length @ 126..=0xffff => {
            bytes.put_u8(126);
            bytes.put_u16(length as u16);
        }
        length => {
            bytes.put_u8(127);
            bytes.put_u64(length as u64);
        }
    }
    bytes.put_slice(payload);
    bytes.freeze()
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
    fn a_long_reason_is_cut_between_characters() {
        let frame = close(4400, &"ü".repeat(100));
        assert_eq!(frame[..4], [0x88, 124, 0x11, 0x30]);
        assert_eq!(std::str::from_utf8(&frame[4..]).unwrap(), "ü".repeat(61));
    }
}
