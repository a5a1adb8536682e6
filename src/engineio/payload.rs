//! Several packets in one HTTP body: in revision 4 joined by the record separator (Engine.IO
//! v4, "HTTP long-polling", "Packet encoding"), in revision 3 each behind its length ([`v3`]).
//!
//! A separator at either end makes an empty packet, which is an error as in the reference
//! server.

mod v3;

use super::error::DecodeError;
use super::packet::{Packet, encode_base64};
use super::revision::Revision;
use super::session::Encoded;

/// The byte between two packets of a payload.
pub const SEPARATOR: u8 = 0x1e;

/// The body that a poll is answered with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payload {
    /// The packets so far.
    pub bytes: Vec<u8>,
    /// Whether it is in the binary form of revision 3 (`application/octet-stream`); text
    /// otherwise.
    pub binary: bool,
    /// Whether a packet in it is worth compressing.
    pub compress: bool,
}

impl Payload {
    /// Adds a packet.
    pub fn push(&mut self, revision: Revision, packet: Encoded<'_>) {
        match (revision, self.binary) {
            (Revision::V4, _) => append(packet, &mut self.bytes),
            (Revision::V3, false) => v3::append_text(packet, &mut self.bytes),
            (Revision::V3, true) => v3::append_binary(packet, &mut self.bytes),
        }
    }
}

fn append(packet: Encoded<'_>, out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(SEPARATOR);
    }
    match packet {
        Encoded::Text(text) => out.extend_from_slice(text),
        Encoded::Binary(bytes) => encode_base64(bytes, out),
    }
}

/// Decodes a request body and hands its packets to `sink`, in order and up to the first that is
/// none. `binary` tells whether the body is `application/octet-stream`, which only revision 3
/// knows.
///
/// # Errors
/// [`DecodeError`] if the body is not a payload to its end.
pub fn decode(
    body: &[u8],
    revision: Revision,
    binary: bool,
    mut sink: impl FnMut(Packet<'_>),
) -> Result<(), DecodeError> {
    let mut scratch = Vec::new();
    match (revision, binary) {
        (Revision::V4, _) => {
            split(body)?.try_for_each(|text| Packet::decode(text, &mut scratch).map(&mut sink))
        }
        (Revision::V3, false) => v3::decode_text(body, &mut scratch, &mut sink),
        (Revision::V3, true) => v3::decode_binary(body, &mut scratch, &mut sink),
    }
}

/// The text packets of a request body of revision 4, in order; never empty (an empty body is
/// one empty packet).
///
/// # Errors
/// [`DecodeError::Utf8`] if the body is not UTF-8.
pub fn split(body: &[u8]) -> Result<impl Iterator<Item = &str>, DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::Utf8)?;
    Ok(text.split(char::from(SEPARATOR)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(body: &[u8]) -> Vec<&str> {
        split(body).map(Iterator::collect).unwrap_or_default()
    }

    #[test]
    fn packets_come_out_in_order() {
        assert_eq!(parts(b"4hello\x1e2\x1ebAQ=="), ["4hello", "2", "bAQ=="]);
    }

    #[test]
    fn an_empty_body_and_a_trailing_separator_are_an_empty_packet() {
        assert_eq!(parts(b""), [""]);
        assert_eq!(parts(b"4a\x1e"), ["4a", ""]);
    }

    #[test]
    fn a_body_that_is_not_utf8_is_refused() {
        assert!(matches!(split(b"4\xff"), Err(DecodeError::Utf8)));
    }

    #[test]
    fn packets_before_a_bad_one_are_handed_over_and_those_after_it_are_not() {
        let mut seen = Vec::new();
        let result = decode(b"4a\x1e2\x1e9\x1e4b", Revision::V4, false, |packet| {
            seen.push(format!("{packet:?}"));
        });
        assert_eq!(result, Err(DecodeError::UnknownType));
        assert_eq!(seen, ["Message(Text(\"a\"))", "Ping(\"\")"]);
    }

    /// A message to be sent: text if there is one, else bytes.
    type Sent = (Option<String>, Vec<u8>);

    proptest! {
        #[test]
        fn what_is_sent_reads_back(sent: Vec<Sent>, v3: bool, binary: bool) {
            let revision = if v3 { Revision::V3 } else { Revision::V4 };
            let binary = binary && v3;
            let mut payload = Payload { binary, ..Payload::default() };
            let mut expected = Vec::new();
            for (text, bytes) in &sent {
                match text {
                    // Socket.IO escapes control characters, so none holds a separator.
                    Some(text) => {
                        let text = format!("4{}", text.replace('\u{1e}', ""));
                        payload.push(revision, Encoded::Text(text.as_bytes()));
                        expected.push(format!("Message(Text({:?}))", &text[1..]));
                    }
                    None => {
                        payload.push(revision, Encoded::Binary(bytes));
                        expected.push(format!("Message(Binary({bytes:?}))"));
                    }
                }
            }
            let mut seen = Vec::new();
            let result = decode(&payload.bytes, revision, binary, |packet| {
                seen.push(format!("{packet:?}"));
            });
            prop_assert_eq!(result.is_ok(), !sent.is_empty());
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn any_bytes_decode_or_are_refused(body: Vec<u8>, v3: bool, binary: bool) {
            let revision = if v3 { Revision::V3 } else { Revision::V4 };
            let _ = decode(&body, revision, binary, |_| ());
        }

        /// Bodies that are nearly right, which random bytes hardly ever are.
        #[test]
        fn any_lengths_decode_or_are_refused(body in "([0-9]{1,3}:[46b\u{e9}\u{1f600}]{0,4}){0,6}") {
            let _ = decode(body.as_bytes(), Revision::V3, false, |_| ());
        }

        #[test]
        fn any_binary_lengths_decode_or_are_refused(
            parts in proptest::collection::vec((0u8..3, 0u8..12, proptest::collection::vec(any::<u8>(), 0..12)), 0..6),
        ) {
            let body: Vec<u8> = parts
                .into_iter()
                .flat_map(|(kind, digit, data)| [vec![kind, digit, 255], data].concat())
                .collect();
            let _ = decode(&body, Revision::V3, true, |_| ());
        }
    }
}
