//! WebSocket frames as a client writes and reads them (RFC 6455 section 5.2): unfragmented texts.

use std::ops::Range;

use anyhow::{Result, bail};

/// Any key masks; one that is not zero makes the server do the work.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Appends a text in a masked frame.
pub(crate) fn write(text: &[u8], out: &mut Vec<u8>) {
    out.push(0x81);
    match text.len() {
        length @ 0..126 => out.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&KEY);
    let begin = out.len();
    out.extend_from_slice(text);
    let masked = out.get_mut(begin..).unwrap_or_default();
    for chunk in masked.chunks_mut(4) {
        for (byte, key) in chunk.iter_mut().zip(KEY) {
            *byte ^= key;
        }
    }
}

/// The text of the first frame and its end, or `None` when it is incomplete.
///
/// # Errors
/// A frame that is no whole text: the server closes, or says what this load never asks for.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Range<usize>>> {
    let (begin, length) = match *bytes {
        [0x81, length @ 0..126, ..] => (2, usize::from(length)),
        [0x81, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        [] | [0x81] | [0x81, 126, ..] => return Ok(None),
        [0x88, ..] => bail!("the server closes a WebSocket"),
        [first, ..] => bail!("a frame that begins with {first:#x}"),
    };
    Ok((bytes.len() >= begin + length).then_some(begin..begin + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_frame_is_masked_and_has_its_length() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let text = vec![b'a'; length];
            let mut out = Vec::new();
            write(&text, &mut out);
            assert_eq!(out.len(), header + 4 + length);
            let unmasked: Vec<u8> = out[header + 4..]
                .iter()
                .zip(KEY.iter().cycle())
                .map(|(byte, key)| byte ^ key)
                .collect();
            assert_eq!(unmasked, text);
        }
    }

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        assert_eq!(read(b"\x81\x02hi\x81").unwrap(), Some(2..4));
        assert_eq!(read(b"\x81\x02h").unwrap(), None);
        assert_eq!(read(b"\x81").unwrap(), None);
        let mut long = vec![0x81, 126, 1, 0];
        long.extend([b'x'; 256]);
        assert_eq!(read(&long).unwrap(), Some(4..260));
    }

    #[test]
    fn a_close_frame_is_an_error() {
        assert!(read(b"\x88\x00").is_err());
        assert!(read(b"\x82\x01x").is_err());
    }
}
