//! WebSocket frames (RFC 6455 section 5): any cut of the bytes into reads gives the same
//! messages and the same end, what is kept stays within the limit, and what a client framed
//! comes out as it was meant.
//!
//! The first byte says what follows: raw bytes, or a plan of frames with a client that keeps to
//! the RFC, whose messages are known.

use super::reader::Reader;
use parlor::engineio::Packet;
use parlor::transport::frame::{Incoming, Violation, receive};

/// Longest header of a client's frame, and longest payload of a control frame.
const HEADER: usize = 14;
const CONTROL: usize = 125;

pub(crate) fn check(data: &[u8]) {
    let mut reader = Reader::new(data);
    let limit = [0, 10, 125, 126, 1000, 70_000][reader.below(6)];
    let cuts = Cuts(reader.take(4));
    if reader.flag() {
        let (bytes, meant) = plan(&mut reader, limit);
        let ended = Ended {
            messages: meant,
            violation: None,
        };
        assert_eq!(feed(&bytes, Cuts(&[]), limit, usize::MAX), ended);
        assert_eq!(feed(&bytes, cuts, limit, usize::MAX), ended);
        return;
    }
    let most = [usize::MAX, 0, 1, 2][reader.below(4)];
    let bytes = reader.rest();
    let whole = feed(bytes, Cuts(&[]), limit, most);
    assert_eq!(feed(bytes, cuts, limit, most), whole);
    assert_eq!(feed(bytes, Cuts(&[1]), limit, most), whole);
}

/// The sizes of the reads, over and over, as roots; none means one read for all.
#[derive(Clone, Copy)]
struct Cuts<'a>(&'a [u8]);

#[derive(Debug, PartialEq, Eq)]
struct Ended {
    messages: Vec<String>,
    violation: Option<Violation>,
}

/// Feeds the bytes and says what came out. After `most` messages no more are wanted.
fn feed(bytes: &[u8], cuts: Cuts<'_>, limit: usize, most: usize) -> Ended {
    let (mut partial, mut messages) = (None, Vec::new());
    let mut violation = None;
    let mut sizes = cuts
        .0
        .iter()
        .map(|size| usize::from(*size).pow(2).max(1))
        .cycle();
    let mut rest = bytes;
    while !rest.is_empty() && violation.is_none() && messages.len() <= most {
        let (read, after) = rest.split_at(sizes.next().unwrap_or(rest.len()).min(rest.len()));
        rest = after;
        let received = receive(&mut partial, &mut read.to_vec(), limit, |incoming| {
            messages.push(describe(incoming, limit));
            messages.len() <= most
        });
        violation = received.err();
        let held = partial.as_ref().map_or(0, |partial| partial.bytes());
        // A frame that is not complete, and the fragments before it.
        let most = HEADER + limit.max(CONTROL) + limit;
        assert!(held < most, "{held} bytes are held");
    }
    Ended {
        messages,
        violation,
    }
}

fn describe(incoming: Incoming<'_>, limit: usize) -> String {
    let len = match incoming {
        Incoming::Text(text) => text.len(),
        Incoming::Binary(bytes) => bytes.len(),
        Incoming::Ping(_) | Incoming::Close(_) => 0,
    };
    assert!(len <= limit, "a message of {len} bytes");
    if let Incoming::Text(text) = incoming {
        // Decodes or is refused; `packet` says which.
        let _ = Packet::decode(text, &mut Vec::new());
    }
    format!("{incoming:?}")
}

/// Frames of a client that keeps to the RFC, and the messages that they carry.
fn plan(reader: &mut Reader<'_>, limit: usize) -> (Vec<u8>, Vec<String>) {
    let (mut bytes, mut meant) = (Vec::new(), Vec::new());
    while !reader.is_empty() && bytes.len() < 100_000 {
        let kind = reader.byte();
        let len = match kind & 4 {
            0 => usize::from(reader.byte()),
            _ => usize::from(reader.wide()),
        };
        let seed = reader.byte();
        let len = len.min(limit);
        let content: Vec<u8> = (0..len).map(|n| b'a' + (n as u8 ^ seed) % 26).collect();
        let opcode = 1 + (kind & 1);
        let mut fragments = content
            .chunks(len.div_ceil(1 + usize::from(kind >> 6)).max(1))
            .peekable();
        let mut first = true;
        loop {
            let fragment = fragments.next().unwrap_or_default();
            let last = fragments.peek().is_none();
            let opcode = if first { opcode } else { 0 };
            frame(opcode | u8::from(last) << 7, fragment, seed, &mut bytes);
            first = false;
            if kind & 8 != 0 {
                frame(0x89, b"hello", seed, &mut bytes);
                frame(0x8a, b"unasked", seed, &mut bytes);
                if !last {
                    meant.push(format!("{:?}", Incoming::Ping(b"hello")));
                }
            }
            if last {
                break;
            }
        }
        meant.push(match opcode {
            1 => format!(
                "{:?}",
                Incoming::Text(std::str::from_utf8(&content).expect("letters"))
            ),
            _ => format!("{:?}", Incoming::Binary(&content)),
        });
        if kind & 8 != 0 {
            meant.push(format!("{:?}", Incoming::Ping(b"hello")));
        }
    }
    (bytes, meant)
}

/// A client's frame; `seed` makes the mask.
fn frame(first: u8, payload: &[u8], seed: u8, out: &mut Vec<u8>) {
    out.push(first);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(len), _) if len < 126 => out.push(0x80 | len),
        (_, Ok(len)) => {
            out.push(0x80 | 126);
            out.extend(len.to_be_bytes());
        }
        (_, Err(_)) => {
            out.push(0x80 | 127);
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    let mask = [seed, seed ^ 0x55, seed.wrapping_mul(7), 0xff];
    out.extend(mask);
    out.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
}
