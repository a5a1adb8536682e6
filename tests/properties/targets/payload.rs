//! A polling body (Engine.IO v4, "HTTP long-polling"): its packets come out in order and whole,
//! and an outbox that is given the same messages writes a body that says the same.

use bytes::Bytes;
use parlor::engineio::revision::Format;
use parlor::engineio::session::{Outbox, Outgoing, Pool};
use parlor::engineio::{DecodeError, Message, Packet, payload};

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        assert_eq!(payload::split(data).err(), Some(DecodeError::Utf8));
        return;
    };
    let packets: Vec<&str> = payload::split(data).expect("is UTF-8").collect();
    assert_eq!(packets.join("\u{1e}"), text);
    assert!(packets.iter().all(|packet| !packet.contains('\u{1e}')));

    let (mut pool, mut outbox) = (Pool::default(), Outbox::default());
    let (mut meant, mut bytes) = (Vec::new(), 0);
    let mut scratch = Vec::new();
    for (n, packet) in packets.iter().enumerate() {
        let shared;
        let outgoing = match Packet::decode(packet, &mut scratch) {
            Ok(Packet::Message(Message::Binary(content))) => {
                meant.push(format!("binary {content:?}"));
                shared = Bytes::copy_from_slice(content);
                match n % 2 {
                    0 => Outgoing::Binary(content),
                    _ => Outgoing::SharedBinary(&shared),
                }
            }
            Ok(_) => {
                meant.push((*packet).to_owned());
                shared = Bytes::copy_from_slice(packet.as_bytes());
                match n % 2 {
                    0 => Outgoing::Text(packet),
                    _ => Outgoing::SharedText(&shared),
                }
            }
            Err(_) => continue,
        };
        bytes += outgoing.len();
        outbox.push(outgoing, true, &mut pool);
    }
    assert_eq!((outbox.packets(), outbox.bytes()), (meant.len(), bytes));
    let body = outbox.drain_payload(&mut pool, Format::default()).bytes;
    assert_eq!((outbox.packets(), outbox.bytes()), (0, 0));
    assert_eq!(read(&body), meant);
}

/// What a client reads in a body; nothing in an empty one, which is never sent.
fn read(body: &[u8]) -> Vec<String> {
    let mut scratch = Vec::new();
    let packets = payload::split(body).expect("is UTF-8");
    let packets = packets.filter(|_| !body.is_empty());
    packets
        .map(|text| match Packet::decode(text, &mut scratch) {
            Ok(Packet::Message(Message::Binary(content))) => format!("binary {content:?}"),
            other => other.map(|_| text.to_owned()).expect("is a packet"),
        })
        .collect()
}
