//! An Engine.IO text packet (Engine.IO v4, "Packet encoding"): what decodes is what the text
//! says, and encodes to the same meaning; what does not is no packet.

use parlor::engineio::packet::encode_base64;
use parlor::engineio::{DecodeError, Message, Packet};

pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut scratch = Vec::new();
    let decoded = Packet::decode(&text, &mut scratch);
    let rest = text.get(1..).unwrap_or_default();
    let expected = match text.chars().next() {
        None => Err(DecodeError::Empty),
        Some('0') => Ok(Packet::Open),
        Some('1') => Ok(Packet::Close),
        Some('2') => Ok(Packet::Ping(rest)),
        Some('3') => Ok(Packet::Pong(rest)),
        Some('4') => Ok(Packet::Message(Message::Text(rest))),
        Some('5') => Ok(Packet::Upgrade),
        Some('6') => Ok(Packet::Noop),
        Some('b') => {
            check_base64(rest, decoded);
            return;
        }
        Some(_) => Err(DecodeError::UnknownType),
    };
    assert_eq!(decoded, expected, "{text:?}");
}

/// RFC 4648 section 4, read bit by bit; padding may be left out, in part too.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() > digits.len().next_multiple_of(4) {
        return None;
    }
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    // A digit alone is no byte, and bits that belong to none must be zero.
    (held < 6 && bits == 0).then_some(bytes)
}

fn check_base64(text: &str, decoded: Result<Packet<'_>, DecodeError>) {
    let expected = base64(text);
    let Some(bytes) = expected else {
        assert_eq!(decoded, Err(DecodeError::Base64), "{text:?}");
        return;
    };
    let meaning = Ok(Packet::Message(Message::Binary(&bytes)));
    assert_eq!(decoded, meaning, "{text:?}");
    let mut again = Vec::new();
    encode_base64(&bytes, &mut again);
    let again = String::from_utf8(again).expect("base64 is text");
    assert_eq!(
        again.trim_end_matches('='),
        format!("b{text}").trim_end_matches('=')
    );
    assert_eq!(Packet::decode(&again, &mut Vec::new()), meaning);
}
