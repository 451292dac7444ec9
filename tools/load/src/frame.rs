//! Frames of a client (RFC 6455, section 5.2), without a copy: a library that owns its buffers would cost more than what
//! is measured.

/// A text frame.
pub const TEXT: u8 = 1;
/// The peer closes.
pub const CLOSE: u8 = 8;
/// The peer wants to know whether we are there.
pub const PING: u8 = 9;
/// The answer to that.
pub const PONG: u8 = 10;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

/// A frame of a server.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub opcode: u8,
    /// What it carries.
    pub payload: &'a [u8],
    /// Its bytes, with the header.
    pub length: usize,
}

/// The frame that these bytes begin with; `None` while a part is missing.
pub fn first(bytes: &[u8]) -> Option<Frame<'_>> {
    let [opcode, short, ..] = *bytes else { return None };
    let (header, payload) = match short & !MASKED {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?),
        payload => (2, usize::from(payload)),
    };
    let length = header + payload;
    Some(Frame { opcode: opcode & 0x0f, payload: bytes.get(header..length)?, length })
}

/// Adds a masked frame to what is sent.
pub fn put(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    out.push(FIN | opcode);
    match payload.len() {
        length @ 0..=125 => out.push(MASKED | length as u8),
        length @ 126..=0xffff => {
            out.push(MASKED | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let mask = fastrand::u32(..).to_ne_bytes();
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_there_once_its_last_byte_is() {
        for length in [0, 125, 126, 0xffff, 0x1_0000] {
            let payload = vec![b'x'; length];
            let mut bytes = vec![FIN | TEXT];
            match length {
                0..=125 => bytes.push(length as u8),
                126..=0xffff => {
                    bytes.push(126);
                    bytes.extend_from_slice(&(length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend_from_slice(&(length as u64).to_be_bytes());
                }
            }
            bytes.extend_from_slice(&payload);
            assert_eq!(first(&bytes), Some(Frame { opcode: TEXT, payload: &payload, length: bytes.len() }));
            assert_eq!(first(&bytes[..bytes.len() - 1]), None);
            assert_eq!(first(&bytes[..1]), None);
        }
    }

    #[test]
    fn what_we_send_is_masked_and_reads_as_it_was() {
        for length in [0, 125, 126, 0x1_0000] {
            let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut bytes = Vec::new();
            put(&mut bytes, TEXT, &payload);
            assert_eq!(bytes[1] & MASKED, MASKED);
            let masked = &bytes[bytes.len() - length..];
            let mask = &bytes[bytes.len() - length - 4..bytes.len() - length];
            let read: Vec<u8> = masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
            assert_eq!(read, payload);
        }
    }
}
