//! Payloads of revision 3 (Engine.IO v3, "Payload"; the reference parser 2.x), in two forms.
//!
//! | form | a packet in it | length counts |
//! |---|---|---|
//! | text | `<length>:<packet>`: `2:4é`, `10:b4AQIDBA==` | UTF-16 code units, as JavaScript has it |
//! | binary | `00` (text) or `01` (bytes), the length's digits as bytes, `ff`, the packet | bytes |
//!
//! A client that takes bytes gets the binary form as soon as there are bytes in a batch; it
//! posts in either. Stricter than the reference parser, which takes every number that
//! JavaScript does (`-1`, `1e1`) for a length, and data that is cut short in the binary form:
//! here a length is at most ten digits and must fit.

use crate::engineio::error::DecodeError;
use crate::engineio::packet::Packet;
use crate::engineio::revision::{Format, MESSAGE, Revision};
use crate::engineio::session::Encoded;
use std::io::Write as _;

const FORMAT: Format = Format {
    revision: Revision::V3,
    base64: false,
};

/// Longest length that is read; a body is never that long.
const MAX_DIGITS: usize = 10;

const TEXT: u8 = 0;
const BINARY: u8 = 1;
const END_OF_LENGTH: u8 = 0xff;

/// What a digit of the text form is more than one of the binary form.
const ZERO: u8 = b'0';

/// Appends a packet in the text form.
pub(super) fn append_text(packet: Encoded<'_>, out: &mut Vec<u8>) {
    match packet {
        Encoded::Text(text) => {
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{}:", utf16_len(text));
            out.extend_from_slice(text);
        }
        Encoded::Binary(bytes) => {
            let _ = write!(out, "{}:", "b4".len() + bytes.len().div_ceil(3) * 4);
            Revision::V3.write_base64(bytes, out);
        }
    }
}

/// Appends a packet in the binary form.
pub(super) fn append_binary(packet: Encoded<'_>, out: &mut Vec<u8>) {
    let (kind, prefix, data): (u8, &[u8], &[u8]) = match packet {
        Encoded::Text(text) => (TEXT, &[], text),
        Encoded::Binary(bytes) => (BINARY, &[MESSAGE], bytes),
    };
    out.push(kind);
    let at = out.len();
    let _ = write!(out, "{}", prefix.len() + data.len());
    for digit in out.iter_mut().skip(at) {
        *digit -= ZERO;
    }
    out.push(END_OF_LENGTH);
    out.extend_from_slice(prefix);
    out.extend_from_slice(data);
}

/// Decodes a body in the text form. An entry of length 0 is nothing: it is what an empty batch
/// is written as.
pub(super) fn decode_text(
    body: &[u8],
    scratch: &mut Vec<u8>,
    sink: &mut impl FnMut(Packet<'_>),
) -> Result<(), DecodeError> {
    let mut rest = std::str::from_utf8(body).map_err(|_| DecodeError::Utf8)?;
    if rest.is_empty() {
        return Err(DecodeError::Empty);
    }
    while !rest.is_empty() {
        let (digits, after) = rest.split_once(':').ok_or(DecodeError::Length)?;
        let units = length(digits.bytes().map(|digit| digit.wrapping_sub(ZERO)))?;
        let text;
        (text, rest) = split_utf16(after, units).ok_or(DecodeError::Length)?;
        if !text.is_empty() {
            sink(FORMAT.decode_text(text, scratch)?);
        }
    }
    Ok(())
}

/// Decodes a body in the binary form.
pub(super) fn decode_binary(
    body: &[u8],
    scratch: &mut Vec<u8>,
    sink: &mut impl FnMut(Packet<'_>),
) -> Result<(), DecodeError> {
    let mut rest = body;
    if rest.is_empty() {
        return Err(DecodeError::Empty);
    }
    while let Some((kind, after)) = rest.split_first() {
        let mut parts = after.splitn(2, |byte| *byte == END_OF_LENGTH);
        let (Some(digits), Some(after)) = (parts.next(), parts.next()) else {
            return Err(DecodeError::Length);
        };
        let len = length(digits.iter().copied())?;
        let data;
        (data, rest) = after.split_at_checked(len).ok_or(DecodeError::Length)?;
        let packet = match *kind {
            TEXT => {
                let text = std::str::from_utf8(data).map_err(|_| DecodeError::Utf8)?;
                FORMAT.decode_text(text, scratch)?
            }
            BINARY => FORMAT.decode_binary(data)?,
            _ => return Err(DecodeError::UnknownType),
        };
        sink(packet);
    }
    Ok(())
}

/// A number from its digits, most significant first.
fn length(digits: impl ExactSizeIterator<Item = u8>) -> Result<usize, DecodeError> {
    if !(1..=MAX_DIGITS).contains(&digits.len()) {
        return Err(DecodeError::Length);
    }
    let mut length = 0u64;
    for digit in digits {
        if digit > 9 {
            return Err(DecodeError::Length);
        }
        length = length * 10 + u64::from(digit);
    }
    usize::try_from(length).map_err(|_| DecodeError::Length)
}

/// Length of a text in UTF-8 as JavaScript counts it: one for each character, two for those
/// beyond U+FFFF, which have four bytes here.
fn utf16_len(text: &[u8]) -> usize {
    let units = |byte: &u8| match byte {
        0x80..=0xbf => 0,
        0xf0..=0xff => 2,
        _ => 1,
    };
    text.iter().map(units).sum()
}

/// The first so many UTF-16 code units, and what follows; `None` if there are not as many, or
/// if that would be within a character.
fn split_utf16(text: &str, units: usize) -> Option<(&str, &str)> {
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return text.split_at_checked(at);
        }
        left = left.checked_sub(character.len_utf16())?;
    }
    (left == 0).then_some((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &[u8], binary: bool) -> Result<Vec<String>, DecodeError> {
        let (mut scratch, mut seen) = (Vec::new(), Vec::new());
        let mut sink = |packet: Packet<'_>| seen.push(format!("{packet:?}"));
        if binary {
            decode_binary(body, &mut scratch, &mut sink)?;
        } else {
            decode_text(body, &mut scratch, &mut sink)?;
        }
        Ok(seen)
    }

    fn text(body: &str) -> Result<Vec<String>, DecodeError> {
        decoded(body.as_bytes(), false)
    }

    #[test]
    fn lengths_count_as_javascript_does() {
        let mut out = Vec::new();
        for packet in ["4\u{e9}", "4\u{1f600}", "2"] {
            append_text(Encoded::Text(packet.as_bytes()), &mut out);
        }
        append_text(Encoded::Binary(&[1, 2, 3, 4]), &mut out);
        let body = "2:4\u{e9}3:4\u{1f600}1:210:b4AQIDBA==";
        assert_eq!(String::from_utf8_lossy(&out), body);
        assert_eq!(
            text(body),
            Ok(vec![
                "Message(Text(\"\u{e9}\"))".to_owned(),
                "Message(Text(\"\u{1f600}\"))".to_owned(),
                "Ping(\"\")".to_owned(),
                "Message(Binary([1, 2, 3, 4]))".to_owned(),
            ])
        );
    }

    #[test]
    fn the_binary_form_has_its_digits_as_bytes_and_text_in_utf8() {
        let mut out = Vec::new();
        append_binary(Encoded::Text("4\u{e9}".as_bytes()), &mut out);
        append_binary(Encoded::Binary(&[0xff; 11]), &mut out);
        let mut body = vec![0, 3, 0xff, b'4', 0xc3, 0xa9, 1, 1, 2, 0xff, 4];
        body.extend([0xff; 11]);
        assert_eq!(out, body);
        assert_eq!(
            decoded(&body, true),
            Ok(vec![
                "Message(Text(\"\u{e9}\"))".to_owned(),
                format!("Message(Binary({:?}))", [0xff_u8; 11]),
            ])
        );
    }

    #[test]
    fn text_whose_lengths_are_wrong_is_refused() {
        for body in [
            "x",
            ":4",
            "5:4",
            "-1:4",
            "+1:4",
            "1e0:4",
            " 1:4",
            "1:41",
            "2:4\u{1f600}",
            "4:4\u{1f600}",
            "00000000001:4",
            "99999999999999999999:4",
            "4294967297:4",
        ] {
            assert_eq!(text(body), Err(DecodeError::Length), "{body}");
        }
        assert_eq!(text(""), Err(DecodeError::Empty));
        assert_eq!(text("1:9"), Err(DecodeError::UnknownType));
        assert_eq!(decoded(b"2:4\xff", false), Err(DecodeError::Utf8));
    }

    #[test]
    fn leading_zeros_and_empty_batches_are_read() {
        let ping = || Ok(vec!["Ping(\"\")".to_owned()]);
        assert_eq!(text("0000000001:2"), ping());
        assert_eq!(text("0:1:20:"), ping());
        assert_eq!(decoded(&[0, 0, 1, 0xff, b'2'], true), ping());
    }

    #[test]
    fn bytes_whose_lengths_are_wrong_are_refused() {
        for body in [
            &[0][..],
            &[0, 1],
            &[0, 0xff],
            &[0, 1, 0xff],
            &[0, 10, 0xff, b'2'],
            &[0, 2, 0xff, b'2'],
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, b'2'],
            &[0, 1, 0xff, b'2', 0],
        ] {
            assert_eq!(decoded(body, true), Err(DecodeError::Length), "{body:?}");
        }
        for (body, error) in [
            (&[][..], DecodeError::Empty),
            (&[0, 0, 0xff], DecodeError::Empty),
            (&[1, 0, 0xff], DecodeError::Empty),
            (&[2, 1, 0xff, b'2'], DecodeError::UnknownType),
            (&[1, 1, 0xff, 2], DecodeError::UnknownType),
            (&[0, 2, 0xff, b'4', 0xff], DecodeError::Utf8),
        ] {
            assert_eq!(decoded(body, true), Err(error), "{body:?}");
        }
    }
}
