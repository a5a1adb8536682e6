//! The two revisions of Engine.IO that a client may speak, and what differs between them in one
//! packet: how binary is written, and who sends the heartbeat (that is the session's).
//!
//! | a binary message | revision 4 | revision 3 |
//! |---|---|---|
//! | in a text (`b64=1`, polling) | `bAQID` | `b4AQID` |
//! | in a WebSocket's binary message | as it is | behind the byte 4 |
//!
//! Text packets are the same in both. Source: Engine.IO v3 and v4 "Packet encoding", and the
//! answers of the reference server with `allowEIO3`. Revision 3 could send other types than
//! messages as binary; no client does, and it is refused here.

use super::error::DecodeError;
use super::packet::{Message, Packet, append_base64, decode_base64, encode_base64};
use super::session::Encoded;

/// The type of a message, as it stands before its bytes in revision 3.
pub(super) const MESSAGE: u8 = 4;

/// A revision of the protocol, `EIO` in a handshake's query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Revision {
    /// That of Socket.IO 1 and 2; spoken only if it is [allowed].
    ///
    /// [allowed]: crate::config::Protocol::allow_eio3
    V3,
    /// That of Socket.IO 3 and 4.
    #[default]
    V4,
}

/// How a client wants its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Format {
    /// The revision it speaks.
    pub revision: Revision,
    /// Whether it cannot take bytes, so that binary goes to it as text (`b64=1`).
    pub base64: bool,
}

impl Format {
    /// Decodes a text packet. `scratch` holds the bytes of a base64 packet while it lives.
    ///
    /// # Errors
    /// [`DecodeError`] if it is no packet of this revision.
    pub fn decode_text<'a>(
        self,
        text: &'a str,
        scratch: &'a mut Vec<u8>,
    ) -> Result<Packet<'a>, DecodeError> {
        match (self.revision, text.strip_prefix('b')) {
            (Revision::V3, Some(typed)) => {
                let text = typed.strip_prefix('4').ok_or(DecodeError::UnknownType)?;
                decode_base64(text, scratch)
            }
            (Revision::V3, None) | (Revision::V4, _) => Packet::decode(text, scratch),
        }
    }

    /// Decodes a binary packet.
    ///
    /// # Errors
    /// [`DecodeError`] if it is no packet of this revision.
    pub fn decode_binary(self, bytes: &[u8]) -> Result<Packet<'_>, DecodeError> {
        let message = match (self.revision, bytes) {
            (Revision::V4, message) | (Revision::V3, [MESSAGE, message @ ..]) => message,
            (Revision::V3, []) => return Err(DecodeError::Empty),
            (Revision::V3, _) => return Err(DecodeError::UnknownType),
        };
        Ok(Packet::Message(Message::Binary(message)))
    }

    /// The form in which a packet leaves by WebSocket; `scratch` holds it if it is not the one
    /// that it has already.
    pub fn on_websocket<'a>(self, packet: Encoded<'a>, scratch: &'a mut Vec<u8>) -> Encoded<'a> {
        let Encoded::Binary(bytes) = packet else {
            return packet;
        };
        match self.revision {
            _ if self.base64 => {
                scratch.clear();
                self.revision.write_base64(bytes, scratch);
                Encoded::Text(scratch)
            }
            Revision::V4 => packet,
            Revision::V3 => {
                scratch.clear();
                scratch.push(MESSAGE);
                scratch.extend_from_slice(bytes);
                Encoded::Binary(scratch)
            }
        }
    }
}

impl Revision {
    /// Appends a binary message in its text form.
    pub(super) fn write_base64(self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::V4 => encode_base64(bytes, out),
            Self::V3 => {
                out.extend_from_slice(b"b4");
                append_base64(bytes, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const V3: Format = Format {
        revision: Revision::V3,
        base64: false,
    };
    const V4: Format = Format {
        revision: Revision::V4,
        base64: false,
    };

    fn binary(bytes: &[u8]) -> Packet<'_> {
        Packet::Message(Message::Binary(bytes))
    }

    #[test]
    fn binary_has_its_type_before_it_in_revision_3_only() {
        let mut scratch = Vec::new();
        assert_eq!(
            V3.decode_text("b4AQID", &mut scratch),
            Ok(binary(&[1, 2, 3]))
        );
        assert_eq!(V3.decode_text("b4", &mut scratch), Ok(binary(&[])));
        assert_eq!(V3.decode_binary(&[4, 1]), Ok(binary(&[1])));
        assert_eq!(V3.decode_binary(&[4]), Ok(binary(&[])));
        assert_eq!(V4.decode_text("bAQ==", &mut scratch), Ok(binary(&[1])));
        assert_eq!(V4.decode_binary(&[4, 1]), Ok(binary(&[4, 1])));
        assert_eq!(V4.decode_binary(&[]), Ok(binary(&[])));
    }

    #[test]
    fn text_packets_are_the_same_in_both() {
        for text in ["0", "1", "2probe", "3", "4h\u{e9}", "5", "6", "9", ""] {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            assert_eq!(
                V3.decode_text(text, &mut old),
                V4.decode_text(text, &mut new),
                "{text}"
            );
        }
    }

    #[test]
    fn binary_of_another_type_or_of_none_is_refused_in_revision_3() {
        for bytes in [&[2][..], &[b'4', 1], &[255]] {
            assert_eq!(V3.decode_binary(bytes), Err(DecodeError::UnknownType));
        }
        assert_eq!(V3.decode_binary(&[]), Err(DecodeError::Empty));
        for text in ["b", "bAQ==", "b2"] {
            let mut scratch = Vec::new();
            assert_eq!(
                V3.decode_text(text, &mut scratch),
                Err(DecodeError::UnknownType),
                "{text}"
            );
        }
        let mut scratch = Vec::new();
        assert_eq!(
            V3.decode_text("b4!", &mut scratch),
            Err(DecodeError::Base64)
        );
    }

    proptest! {
        #[test]
        fn what_leaves_by_websocket_reads_back(bytes: Vec<u8>, v3: bool, base64: bool) {
            let revision = if v3 { Revision::V3 } else { Revision::V4 };
            let format = Format { revision, base64 };
            let (mut scratch, mut read) = (Vec::new(), Vec::new());
            let sent = format.on_websocket(Encoded::Binary(&bytes), &mut scratch);
            prop_assert_eq!(matches!(sent, Encoded::Text(_)), base64);
            let packet = match sent {
                Encoded::Text(text) => {
                    let text = std::str::from_utf8(text).unwrap_or_default();
                    format.decode_text(text, &mut read)
                }
                Encoded::Binary(bytes) => format.decode_binary(bytes),
            };
            prop_assert_eq!(packet, Ok(binary(&bytes)));
        }
    }
}
