//! WebSocket frames (RFC 6455 section 5), without a socket: bytes in, messages out.
//!
//! A connection has no read buffer of its own. It is handed what one read brought, takes
//! whole frames straight out of it, and keeps only what is not complete ([`Partial`]). No
//! extension is negotiated, so reserved bits are an error. Public for the tests that feed it
//! bytes of every kind; nothing else needs it without the transport around it.
//!
//! Bounds: a frame's and a message's length are held to the limit before their bytes are kept,
//! and a control frame has at most 125 bytes.

use crate::engineio::session::Encoded;
use std::io::Cursor;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{
    Control as ControlCode, Data, OpCode,
};

/// Longest header of a frame that a client sends: 2 bytes, 8 of length, 4 of mask.
const MAX_HEADER: usize = 14;

/// Longest payload of a control frame (RFC 6455 section 5.5).
const MAX_CONTROL: usize = 125;

/// What is kept between two reads.
#[derive(Debug, Default)]
pub struct Partial {
    /// The start of a frame.
    frame: Vec<u8>,
    /// The fragments so far of a message.
    message: Vec<u8>,
    /// Whether a fragmented message is under way, and of which kind.
    kind: Option<Kind>,
}

impl Partial {
    /// Bytes it holds.
    pub fn bytes(&self) -> usize {
        self.frame.len() + self.message.len()
    }
}

/// Kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A whole text message.
    Text(&'a str),
    /// A whole binary message.
    Binary(&'a [u8]),
    /// A ping, to be answered with these bytes.
    Ping(&'a [u8]),
    /// A close frame, with its code.
    Close(Option<u16>),
}

/// A control frame to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// The answer to a ping.
    Pong(heapless::Vec<u8, MAX_CONTROL>),
    /// The last frame, with a code or without.
    Close(Option<u16>),
}

impl Control {
    /// The pong for a ping.
    pub fn pong(payload: &[u8]) -> Self {
        Self::Pong(heapless::Vec::from_slice(payload).unwrap_or_default())
    }

    /// Appends the frame.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Pong(payload) => write(OpCode::Control(ControlCode::Pong), payload, out),
            Self::Close(code) => {
                let code = code.map(u16::to_be_bytes);
                let payload = code.as_ref().map_or(&[][..], |code| code);
                write(OpCode::Control(ControlCode::Close), payload, out);
            }
        }
    }
}

/// Appends a data frame.
pub fn write_message(packet: Encoded<'_>, out: &mut Vec<u8>) {
    match packet {
        Encoded::Text(text) => write(OpCode::Data(Data::Text), text, out),
        Encoded::Binary(bytes) => write(OpCode::Data(Data::Binary), bytes, out),
    }
}

/// RFC 6455 section 5.2: one unmasked frame, the shortest form of its length.
fn write(opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) {
    const FINAL: u8 = 0x80;
    let first = FINAL | u8::from(opcode);
    let [a, b, c, d, e, f, g, h] = (payload.len() as u64).to_be_bytes();
    out.reserve(MAX_HEADER + payload.len());
    match payload.len() {
        0..=125 => out.extend_from_slice(&[first, h]),
        126..=0xffff => out.extend_from_slice(&[first, 126, g, h]),
        _ => out.extend_from_slice(&[first, 127, a, b, c, d, e, f, g, h]),
    }
    out.extend_from_slice(payload);
}

/// The connection must be closed with this code (RFC 6455 section 7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// 1002
    Protocol,
    /// 1007: text that is not UTF-8.
    NotUtf8,
    /// 1009: more than the limit.
    TooBig,
}

impl Violation {
    /// The close code.
    pub fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::NotUtf8 => 1007,
            Self::TooBig => 1009,
        }
    }
}

/// Takes what one read brought, unmasking it in place, and hands every message to `sink` in
/// order until it says stop (`false`).
///
/// # Errors
/// [`Violation`] if the client breaks RFC 6455 or the limit.
pub fn receive(
    partial: &mut Option<Box<Partial>>,
    bytes: &mut [u8],
    limit: usize,
    mut sink: impl FnMut(Incoming<'_>) -> bool,
) -> Result<(), Violation> {
    let mut kept = partial.take();
    let mut held = match &mut kept {
        Some(kept) if !kept.frame.is_empty() => {
            kept.frame.extend_from_slice(bytes);
            std::mem::take(&mut kept.frame)
        }
        _ => Vec::new(),
    };
    let was_held = !held.is_empty();
    let mut rest = if was_held { held.as_mut_slice() } else { bytes };
    let mut took = false;
    while let Some((header, header_len, payload_len)) = parse_header(rest, limit)? {
        if rest.len() - header_len < payload_len {
            break;
        }
        let (frame, after) = rest.split_at_mut(header_len + payload_len);
        rest = after;
        took = true;
        let payload = frame.get_mut(header_len..).unwrap_or_default();
        unmask(payload, header.mask.unwrap_or_default());
        if !take_frame(&mut kept, &header, payload, limit, &mut sink)? {
            return Ok(());
        }
    }
    if !rest.is_empty() {
        kept.get_or_insert_default().frame = if was_held && !took {
            // What was kept before stays where it is: a long frame comes in many reads.
            held
        } else {
            // Not in what a long frame was in: only the bytes are counted, not that room.
            rest.to_vec()
        };
    }
    *partial = kept.filter(|kept| kept.kind.is_some() || !kept.frame.is_empty());
    Ok(())
}

/// The header at the start of `bytes`, its own length and that of the payload.
fn parse_header(
    bytes: &[u8],
    limit: usize,
) -> Result<Option<(FrameHeader, usize, usize)>, Violation> {
    let start = bytes.get(..bytes.len().min(MAX_HEADER)).unwrap_or_default();
    let mut cursor = Cursor::new(start);
    let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Violation::Protocol)?;
    let Some((header, len)) = parsed else {
        return Ok(None);
    };
    if header.mask.is_none() || header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(Violation::Protocol);
    }
    // The limit is one on messages: a control frame has its own, however low that is.
    let (most, too_long) = match header.opcode {
        OpCode::Control(_) if !header.is_final => return Err(Violation::Protocol),
        OpCode::Control(_) => (MAX_CONTROL, Violation::Protocol),
        OpCode::Data(_) => (limit, Violation::TooBig),
    };
    let payload = usize::try_from(len)
        .ok()
        .filter(|len| *len <= most)
        .ok_or(too_long)?;
    Ok(Some((
        header,
        start.len().min(cursor.position() as usize),
        payload,
    )))
}

/// RFC 6455 section 5.3, eight bytes at a time.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, tail) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// RFC 6455 section 5.4: one frame of a message, or a control frame between two.
fn take_frame(
    kept: &mut Option<Box<Partial>>,
    header: &FrameHeader,
    payload: &mut [u8],
    limit: usize,
    sink: &mut impl FnMut(Incoming<'_>) -> bool,
) -> Result<bool, Violation> {
    let fragmented = kept.as_ref().and_then(|kept| kept.kind);
    let kind = match (header.opcode, fragmented) {
        (OpCode::Control(ControlCode::Ping), _) => return Ok(sink(Incoming::Ping(payload))),
        (OpCode::Control(ControlCode::Pong), _) => return Ok(true),
        (OpCode::Control(ControlCode::Close), _) => {
            return close(payload).map(|code| sink(Incoming::Close(code)));
        }
        (OpCode::Data(Data::Text), None) => Kind::Text,
        (OpCode::Data(Data::Binary), None) => Kind::Binary,
        (OpCode::Data(Data::Continue), Some(kind)) => kind,
        _ => return Err(Violation::Protocol),
    };
    if header.is_final && fragmented.is_none() {
        return message(kind, payload, sink);
    }
    let kept = kept.get_or_insert_default();
    if kept.message.len() + payload.len() > limit {
        return Err(Violation::TooBig);
    }
    kept.message.extend_from_slice(payload);
    kept.kind = Some(kind);
    if !header.is_final {
        return Ok(true);
    }
    kept.kind = None;
    let whole = std::mem::take(&mut kept.message);
    message(kind, &whole, sink)
}

fn message(
    kind: Kind,
    payload: &[u8],
    sink: &mut impl FnMut(Incoming<'_>) -> bool,
) -> Result<bool, Violation> {
    match kind {
        Kind::Text => {
            let text = std::str::from_utf8(payload).map_err(|_| Violation::NotUtf8)?;
            Ok(sink(Incoming::Text(text)))
        }
        Kind::Binary => Ok(sink(Incoming::Binary(payload))),
    }
}

/// RFC 6455 sections 5.5.1 and 7.4: no payload, or a code that may be sent and a reason.
fn close(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(Violation::Protocol)
        };
    };
    let code = u16::from_be_bytes(*code);
    if std::str::from_utf8(reason).is_err() {
        return Err(Violation::NotUtf8);
    }
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Some(code)),
        _ => Err(Violation::Protocol),
    }
}

#[cfg(test)]
mod tests;
