//! One Engine.IO packet, text form and back (Engine.IO v4, "Packet encoding"); what revision 3
//! does otherwise is in [`revision`](super::revision).
//!
//! Inbound packets borrow from the read buffer; nothing is copied but base64. What a packet
//! means is the session's business: here every type decodes, also those a client never sends.

use super::error::DecodeError;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Clients exist that leave the padding out, so both forms are read; ours is always padded.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the layer above sends and receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, without the packet type before it.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

/// A packet as it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`: only servers send it.
    Open,
    /// `1`: the sender ends the session.
    Close,
    /// `2`, with what follows it (`probe`, usually nothing).
    Ping(&'a str),
    /// `3`, with what follows it.
    Pong(&'a str),
    /// `4` or a binary message.
    Message(Message<'a>),
    /// `5`: the client changes to this transport.
    Upgrade,
    /// `6`: nothing; it releases a waiting poll.
    Noop,
}

const _: () = assert!(size_of::<Packet<'_>>() <= 32);

impl<'a> Packet<'a> {
    /// Decodes a text packet: one of a polling payload, or a WebSocket text message.
    ///
    /// `scratch` holds the bytes of a base64 packet (`b...`) while the packet lives.
    ///
    /// # Errors
    /// [`DecodeError`] if `text` is empty, of unknown type, or not base64 after `b`.
    pub fn decode(text: &'a str, scratch: &'a mut Vec<u8>) -> Result<Self, DecodeError> {
        let first = *text.as_bytes().first().ok_or(DecodeError::Empty)?;
        let rest = text.get(1..).ok_or(DecodeError::UnknownType)?;
        match first {
            b'0' => Ok(Self::Open),
            b'1' => Ok(Self::Close),
            b'2' => Ok(Self::Ping(rest)),
            b'3' => Ok(Self::Pong(rest)),
            b'4' => Ok(Self::Message(Message::Text(rest))),
            b'5' => Ok(Self::Upgrade),
            b'6' => Ok(Self::Noop),
            b'b' => decode_base64(rest, scratch),
            _ => Err(DecodeError::UnknownType),
        }
    }
}

/// The binary message whose base64 is `text`; its bytes are put into `scratch`.
pub(super) fn decode_base64<'a>(
    text: &str,
    scratch: &'a mut Vec<u8>,
) -> Result<Packet<'a>, DecodeError> {
    scratch.clear();
    BASE64
        .decode_vec(text, scratch)
        .map_err(|_| DecodeError::Base64)?;
    Ok(Packet::Message(Message::Binary(scratch)))
}

/// Appends `bytes` in the text form of a binary message: `b` and padded base64.
pub fn encode_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'b');
    append_base64(bytes, out);
}

/// Appends the padded base64 of `bytes`.
pub(super) fn append_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let at = out.len();
    out.resize(at + bytes.len().div_ceil(3) * 4, 0);
    if let Some(room) = out.get_mut(at..) {
        // The room is exactly the encoded length, so this cannot fall short.
        let _ = BASE64.encode_slice(bytes, room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<String, DecodeError> {
        let mut scratch = Vec::new();
        Packet::decode(text, &mut scratch).map(|packet| format!("{packet:?}"))
    }

    #[test]
    fn every_type_decodes_with_what_follows_it() {
        let cases = [
            ("0", "Open"),
            ("1", "Close"),
            ("2", "Ping(\"\")"),
            ("2probe", "Ping(\"probe\")"),
            ("3probe", "Pong(\"probe\")"),
            ("4", "Message(Text(\"\"))"),
            ("4h\u{e9}llo", "Message(Text(\"h\u{e9}llo\"))"),
            ("5", "Upgrade"),
            ("6", "Noop"),
            ("bAQIDBA==", "Message(Binary([1, 2, 3, 4]))"),
            ("bAQIDBA", "Message(Binary([1, 2, 3, 4]))"),
            ("b", "Message(Binary([]))"),
        ];
        for (text, meaning) in cases {
            assert_eq!(decode(text).as_deref(), Ok(meaning), "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        assert_eq!(decode(""), Err(DecodeError::Empty));
        for text in ["abc", "7x", "9", "\u{1e}", "\u{e9}4", "B"] {
            assert_eq!(decode(text), Err(DecodeError::UnknownType), "{text}");
        }
        for text in ["b!", "bA", "bAQ=ID"] {
            assert_eq!(decode(text), Err(DecodeError::Base64), "{text}");
        }
    }
}
