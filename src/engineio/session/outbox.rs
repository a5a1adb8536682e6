//! What waits to be sent to one client: encoded packets in order, counted in number and bytes.
//!
//! Small packets lie one behind the other in one buffer. An empty outbox is a null pointer, and
//! a relayed message costs a copy instead of an allocation: emptied queues go back to a [`Pool`]
//! that all sessions share. A large packet for several receivers is shared
//! (`Bytes`) instead of copied.

use crate::engineio::payload::Payload;
use crate::engineio::revision::{Format, Revision};
use bytes::Bytes;
use std::collections::VecDeque;

/// Bytes before each packet in the buffer: its kind, then its length.
const HEADER: usize = 5;

/// One packet on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outgoing<'a> {
    /// A whole text packet, its type included: `4hello`.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A whole text packet that several outboxes share; must be UTF-8.
    SharedText(&'a Bytes),
    /// A binary message that several outboxes share.
    SharedBinary(&'a Bytes),
}

impl Outgoing<'_> {
    /// Bytes of the packet as a WebSocket message.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::SharedText(bytes) | Self::SharedBinary(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it; only a binary message can be empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A packet as it leaves: WebSocket sends it as it is, polling joins several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoded<'a> {
    /// A text packet in UTF-8.
    Text(&'a [u8]),
    /// A binary message.
    Binary(&'a [u8]),
}

/// Emptied queues, kept for the next session that has something to send.
#[derive(Debug, Default)]
#[allow(clippy::vec_box, reason = "an outbox is a box, which goes to and fro")]
pub struct Pool(Vec<Box<Queue>>);

impl Pool {
    const MOST: usize = 64;
    const LARGEST: usize = 16 * 1024;

    fn take(&mut self) -> Box<Queue> {
        self.0.pop().unwrap_or_default()
    }

    fn give(&mut self, mut queue: Box<Queue>) {
        if self.0.len() < Self::MOST && queue.buffer.capacity() <= Self::LARGEST {
            queue.buffer.clear();
            if queue.shared.capacity() > 0 {
                queue.shared = VecDeque::new();
            }
            (queue.packets, queue.bytes) = (0, 0);
            self.0.push(queue);
        }
    }
}

/// The packets that wait, if there are any.
#[derive(Debug, Default)]
pub struct Outbox(Option<Box<Queue>>);

const _: () = assert!(size_of::<Outbox>() == size_of::<usize>());

#[derive(Debug, Default)]
struct Queue {
    buffer: Vec<u8>,
    /// Large packets that are shared; `buffer` keeps their place.
    shared: VecDeque<Bytes>,
    packets: u32,
    bytes: u32,
}

const TEXT: u8 = 0;
const BINARY: u8 = 1;
const SHARED_TEXT: u8 = 2;
const SHARED_BINARY: u8 = 3;
/// Beside the kind: the packet alone is no reason to compress the body that it leaves in.
const UNCOMPRESSED: u8 = 0x80;

impl Outbox {
    /// Appends a packet. The caller has checked the limits. A polling body is worth compressing
    /// if one packet in it is (`compress`).
    pub fn push(&mut self, packet: Outgoing<'_>, compress: bool, pool: &mut Pool) {
        let queue = self.0.get_or_insert_with(|| pool.take());
        let (kind, inline, shared): (u8, &[u8], Option<&Bytes>) = match packet {
            Outgoing::Text(text) => (TEXT, text.as_bytes(), None),
            Outgoing::Binary(bytes) => (BINARY, bytes, None),
            Outgoing::SharedText(bytes) => (SHARED_TEXT, &[], Some(bytes)),
            Outgoing::SharedBinary(bytes) => (SHARED_BINARY, &[], Some(bytes)),
        };
        let len = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        let mark = if compress { 0 } else { UNCOMPRESSED };
        let [a, b, c, d] = len.to_le_bytes();
        queue.buffer.reserve(HEADER + inline.len());
        queue.buffer.extend_from_slice(&[kind | mark, a, b, c, d]);
        queue.buffer.extend_from_slice(inline);
        if let Some(bytes) = shared {
            queue.shared.push_back(bytes.clone());
        }
        queue.packets += 1;
        queue.bytes = queue.bytes.saturating_add(len);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Packets that wait.
    pub fn packets(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.packets as usize)
    }

    /// Bytes that wait, headers not counted.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.bytes as usize)
    }

    /// Hands every packet to `sink` in order, and leaves the outbox empty.
    pub fn drain(&mut self, pool: &mut Pool, mut sink: impl FnMut(Encoded<'_>)) {
        let Some(mut queue) = self.0.take() else {
            return;
        };
        let Queue { buffer, shared, .. } = &mut *queue;
        let mut rest = buffer.as_slice();
        while let Some((kind, data, next)) = split(rest) {
            rest = next;
            match kind & !UNCOMPRESSED {
                TEXT => sink(Encoded::Text(data)),
                BINARY => sink(Encoded::Binary(data)),
                _ => {
                    let Some(bytes) = shared.pop_front() else {
                        break;
                    };
                    match kind & !UNCOMPRESSED {
                        SHARED_TEXT => sink(Encoded::Text(&bytes)),
                        _ => sink(Encoded::Binary(&bytes)),
                    }
                }
            }
        }
        pool.give(queue);
    }

    /// Takes every packet, as the body for a poll.
    pub fn drain_payload(&mut self, pool: &mut Pool, format: Format) -> Payload {
        let binary = match format.revision {
            Revision::V4 => false,
            Revision::V3 => !format.base64 && self.any(is_binary),
        };
        let mut payload = Payload {
            bytes: Vec::with_capacity(self.bytes() + self.packets()),
            binary,
            compress: self.any(|kind| kind & UNCOMPRESSED == 0),
        };
        self.drain(pool, |packet| payload.push(format.revision, packet));
        payload
    }

    fn any(&self, is: impl Fn(u8) -> bool) -> bool {
        let queue = self.0.as_deref();
        let mut rest = queue.map_or(&[][..], |queue| queue.buffer.as_slice());
        while let Some((kind, _, next)) = split(rest) {
            if is(kind) {
                return true;
            }
            rest = next;
        }
        false
    }
}

fn is_binary(kind: u8) -> bool {
    matches!(kind & !UNCOMPRESSED, BINARY | SHARED_BINARY)
}

/// The kind of the first packet in the buffer, what of it lies there, and what follows.
fn split(buffer: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (header, after) = buffer.split_first_chunk::<HEADER>()?;
    let [kind, len @ ..] = *header;
    let inline = match kind & !UNCOMPRESSED {
        TEXT | BINARY => u32::from_le_bytes(len) as usize,
        _ => 0,
    };
    let (data, next) = after.split_at_checked(inline)?;
    Some((kind, data, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_leave_in_the_order_they_came_whatever_their_kind() {
        let mut pool = Pool::default();
        let mut outbox = Outbox::default();
        let large = Bytes::from_static(b"4large");
        let blob = Bytes::from_static(&[9, 9]);
        outbox.push(Outgoing::Text("4a"), true, &mut pool);
        outbox.push(Outgoing::SharedText(&large), true, &mut pool);
        outbox.push(Outgoing::Binary(&[1, 2, 3, 4]), true, &mut pool);
        outbox.push(Outgoing::SharedBinary(&blob), true, &mut pool);
        outbox.push(Outgoing::Binary(&[]), true, &mut pool);
        outbox.push(Outgoing::Text("2"), true, &mut pool);
        assert_eq!((outbox.packets(), outbox.bytes()), (6, 15));
        let payload = outbox.drain_payload(&mut pool, Format::default());
        assert_eq!(
            payload.bytes,
            b"4a\x1e4large\x1ebAQIDBA==\x1ebCQk=\x1eb\x1e2"
        );
        assert!(outbox.is_empty());
        assert_eq!((outbox.packets(), outbox.bytes()), (0, 0));
    }

    #[test]
    fn a_body_is_worth_compressing_if_one_of_its_packets_is() {
        let mut pool = Pool::default();
        for (second, compress) in [(true, true), (false, false)] {
            let mut outbox = Outbox::default();
            outbox.push(Outgoing::Text("4a"), false, &mut pool);
            outbox.push(Outgoing::Binary(&[1]), second, &mut pool);
            let payload = outbox.drain_payload(&mut pool, Format::default());
            assert_eq!(
                (payload.bytes.as_slice(), payload.compress),
                (&b"4a\x1ebAQ=="[..], compress)
            );
        }
    }

    #[test]
    fn an_emptied_outbox_holds_no_memory_and_its_buffer_is_used_again() {
        let mut pool = Pool::default();
        let mut outbox = Outbox::default();
        outbox.push(Outgoing::Text("4hello"), true, &mut pool);
        outbox.drain(&mut pool, |_| ());
        assert!(outbox.0.is_none());
        assert_eq!(pool.0.len(), 1);
        outbox.push(Outgoing::Text("4hello"), true, &mut pool);
        assert_eq!(pool.0.len(), 0);
    }

    #[test]
    fn a_buffer_that_grew_large_is_not_kept() {
        let mut pool = Pool::default();
        let mut outbox = Outbox::default();
        outbox.push(Outgoing::Binary(&[0; 2 * Pool::LARGEST]), true, &mut pool);
        outbox.drain(&mut pool, |_| ());
        assert!(pool.0.is_empty());
    }

    #[test]
    fn a_body_of_revision_3_is_binary_if_there_are_bytes_and_the_client_takes_them() {
        let blob = Bytes::from_static(&[9]);
        let packets: [(Outgoing<'_>, &[u8], &[u8]); 3] = [
            (Outgoing::Text("4a"), b"2:4a", b"2:4a"),
            (Outgoing::Binary(&[9]), &[1, 2, 255, 4, 9], b"6:b4CQ=="),
            (
                Outgoing::SharedBinary(&blob),
                &[1, 2, 255, 4, 9],
                b"6:b4CQ==",
            ),
        ];
        for (packet, bytes, text) in packets {
            for (base64, body) in [(false, bytes), (true, text)] {
                let (mut pool, mut outbox) = (Pool::default(), Outbox::default());
                outbox.push(packet, true, &mut pool);
                let format = Format {
                    revision: Revision::V3,
                    base64,
                };
                let payload = outbox.drain_payload(&mut pool, format);
                assert_eq!(payload.bytes, body);
                assert_eq!(payload.binary, body.first() == Some(&1));
            }
        }
    }
}
