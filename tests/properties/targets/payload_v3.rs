//! A polling body of revision 3, text or binary by its first byte (Engine.IO v3, "Payload"): a
//! second reading, over UTF-16 where lengths count that, finds the same packets; and written
//! again they read the same.

use parlor::engineio::payload::{self, Payload};
use parlor::engineio::revision::Revision;
use parlor::engineio::session::Encoded;
use parlor::engineio::{Message, Packet};

pub(crate) fn check(data: &[u8]) {
    let (start, body) = data.split_first().unwrap_or((&0, &[]));
    let binary = start & 1 != 0;
    let (mut packets, mut again) = (
        Vec::new(),
        Payload {
            binary,
            ..Payload::default()
        },
    );
    let decoded = payload::decode(body, Revision::V3, binary, |packet| {
        packets.push(format!("{packet:?}"));
        let text = match packet {
            Packet::Message(Message::Binary(bytes)) => {
                return again.push(Revision::V3, Encoded::Binary(bytes));
            }
            Packet::Message(Message::Text(text)) => format!("4{text}"),
            Packet::Ping(rest) => format!("2{rest}"),
            Packet::Pong(rest) => format!("3{rest}"),
            Packet::Open => "0".to_owned(),
            Packet::Close => "1".to_owned(),
            Packet::Upgrade => "5".to_owned(),
            Packet::Noop => "6".to_owned(),
        };
        again.push(Revision::V3, Encoded::Text(text.as_bytes()));
    });
    let expected = if binary {
        read_binary(body)
    } else {
        read_text(body)
    };
    if let Some(expected) = &expected {
        assert_eq!(&packets, expected, "{body:?}");
    }
    assert_eq!(decoded.is_ok(), expected.is_some(), "{body:?}: {decoded:?}");

    let mut copies = Vec::new();
    let copied = payload::decode(&again.bytes, Revision::V3, binary, |packet| {
        copies.push(format!("{packet:?}"));
    });
    assert!(
        copied.is_ok() || packets.is_empty(),
        "what was written is a payload"
    );
    assert_eq!(copies, packets);
}

/// One packet as text; `b4` before base64.
fn read_packet(text: &str) -> Option<String> {
    let mut scratch = Vec::new();
    let packet = match text.strip_prefix('b') {
        Some(typed) => format!("b{}", typed.strip_prefix('4')?),
        None => text.to_owned(),
    };
    Some(format!("{:?}", Packet::decode(&packet, &mut scratch).ok()?))
}

/// `<length>:<packet>`, lengths in UTF-16 code units; an empty packet is none.
fn read_text(body: &[u8]) -> Option<Vec<String>> {
    let units: Vec<u16> = std::str::from_utf8(body).ok()?.encode_utf16().collect();
    let (mut at, mut packets) = (0, Vec::new());
    while at < units.len() || body.is_empty() {
        let colon = at
            + units
                .get(at..)?
                .iter()
                .position(|unit| *unit == u16::from(b':'))?;
        let digits = String::from_utf16(&units[at..colon]).ok()?;
        let end = colon + 1 + number(&digits)?;
        let text = String::from_utf16(units.get(colon + 1..end)?).ok()?;
        if !text.is_empty() {
            packets.push(read_packet(&text)?);
        }
        at = end;
    }
    Some(packets)
}

/// `00` or `01`, the digits as bytes, `ff`, the packet.
fn read_binary(body: &[u8]) -> Option<Vec<String>> {
    let (mut rest, mut packets) = (body, Vec::new());
    while !rest.is_empty() || body.is_empty() {
        let end = rest.iter().skip(1).position(|byte| *byte == 0xff)? + 1;
        let digits: String = rest[1..end]
            .iter()
            .map(|digit| char::from(digit.wrapping_add(b'0')))
            .collect();
        let after = &rest[end + 1..];
        let data = after.get(..number(&digits)?)?;
        packets.push(match (rest[0], data) {
            (0, text) => read_packet(std::str::from_utf8(text).ok()?)?,
            (1, [4, bytes @ ..]) => format!("{:?}", Packet::Message(Message::Binary(bytes))),
            _ => return None,
        });
        rest = &after[data.len()..];
    }
    Some(packets)
}

/// At most ten digits.
fn number(digits: &str) -> Option<usize> {
    let right = (1..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| right)
}
