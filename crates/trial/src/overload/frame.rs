//! Frames of HTTP/2 as an attacker writes them: no state, no compression, no care for what comes
//! back. RFC 9113 numbers them, RFC 7541 writes the fields.

/// What a connection begins with: the words of RFC 9113, 3.4, and settings that change nothing.
pub(super) const BEGIN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Kinds of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// The reason of a reset: the client does not want it any longer.
const CANCEL: u32 = 8;
/// The longest field that takes one byte to count.
const SHORT: u8 = 0x7f;

/// A frame: the length in three bytes, the kind, the flags, the stream, and what is in it.
fn frame(kind: u8, flags: u8, stream: u32, inside: &[u8]) -> Vec<u8> {
    let length = u32::try_from(inside.len()).unwrap_or_default().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(inside);
    bytes
}

/// A field that nobody is to remember.
pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        count(&mut bytes, text.len());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// A length as RFC 7541, 5.1, writes it, in a byte of which seven bits count.
fn count(bytes: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(usize::from(SHORT)) else {
        bytes.push(u8::try_from(length).unwrap_or(SHORT));
        return;
    };
    bytes.push(SHORT);
    while rest >= 0x80 {
        bytes.push(u8::try_from(rest & 0x7f).unwrap_or_default() | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap_or_default());
}

/// A whole request without a body.
pub(super) fn request(stream: u32, fields: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, fields)
}

/// A request whose body comes later.
pub(super) fn begun(stream: u32, fields: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, fields)
}

/// A request whose fields go on.
pub(super) fn unfinished(stream: u32, fields: &[u8]) -> Vec<u8> {
    frame(HEADERS, 0, stream, fields)
}

/// More fields of it, and not the last ones.
pub(super) fn more(stream: u32, fields: &[u8]) -> Vec<u8> {
    frame(CONTINUATION, 0, stream, fields)
}

/// A part of a body with nothing in it.
pub(super) fn empty_part(stream: u32) -> Vec<u8> {
    frame(DATA, 0, stream, &[])
}

/// The end of a stream that its client does not want any longer.
pub(super) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())
}

/// A question whether the other side is there.
pub(super) fn ping() -> Vec<u8> {
    frame(PING, 0, 0, &[7; 8])
}

/// Settings that have to be acknowledged, and change nothing.
pub(super) fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_fields_are_as_the_standards_write_them() {
        assert_eq!(reset(1), [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8]);
        assert_eq!(field("a", "bc"), [0, 1, b'a', 2, b'b', b'c']);
        for (length, written) in [(126, &[126][..]), (127, &[127, 0]), (1337, &[127, 0xba, 9])] {
            let mut bytes = Vec::new();
            count(&mut bytes, length);
            assert_eq!(bytes, written, "{length}");
        }
    }
}
