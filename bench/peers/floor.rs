//! The floor: what a relay costs on this machine when it understands nothing.
//!
//! One thread and one epoll instance. It accepts WebSockets, answers Engine.IO's open and
//! Socket.IO's connect, seats clients in pairs by the bytes of their `join`, and from then on writes
//! each frame that comes to the partner, unmasked in place and with a new header before it, by one
//! `write`. Nothing is parsed or checked: no HTTP, no UTF-8, no JSON, no limits, and the argument
//! with the room's name goes through to the partner. It is not a server to run, and no rival; it
//! tells which part of a figure is the kernel's and cannot be saved.
//!
//! ```text
//! floor [--ping-interval=MILLISECONDS]
//! ```

#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "it prints its address; its peer is the load generator beside it"
)]

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use sha1::{Digest, Sha1};

const LISTENER: Token = Token(usize::MAX);
/// What all connections read into.
const BUFFER: usize = 64 * 1024;
/// RFC 6455 section 1.3.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// No client has this index.
const NOBODY: usize = usize::MAX;

fn main() -> Result<()> {
    let arguments = std::env::args().skip(1);
    let mut interval = Duration::from_secs(25);
    for flag in arguments {
        let (flag, value) = flag
            .split_once('=')
            .context("a flag with its value: --flag=value")?;
        anyhow::ensure!(flag == "--ping-interval", "unknown flag {flag}");
        interval = Duration::from_millis(value.parse()?);
    }
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    println!("http://{}", listener.local_addr()?);
    let poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    Floor {
        poll,
        listener,
        interval,
        clients: Vec::new(),
        free: Vec::new(),
        waiting: HashMap::new(),
    }
    .run()
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    interval: Duration,
    clients: Vec<Option<Client>>,
    free: Vec<usize>,
    /// Who waits for a partner, by the bytes of the `join`.
    waiting: HashMap<Vec<u8>, usize>,
}

struct Client {
    stream: TcpStream,
    upgraded: bool,
    partner: usize,
    /// An incomplete head or frame.
    rest: Vec<u8>,
    /// What the socket did not take.
    unsent: Vec<u8>,
}

impl Floor {
    fn run(mut self) -> Result<()> {
        let mut events = Events::with_capacity(256);
        let mut buffer = vec![0; BUFFER];
        let mut ping = Instant::now() + self.interval;
        loop {
            let patience = ping.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                if event.token() == LISTENER {
                    self.accept()?;
                    continue;
                }
                if event.is_writable()
                    && let Some(Some(client)) = self.clients.get_mut(event.token().0)
                    && !client.unsent.is_empty()
                {
                    let unsent = std::mem::take(&mut client.unsent);
                    client.write(&unsent);
                }
                if event.is_readable() {
                    self.read(event.token().0, &mut buffer);
                }
            }
            if events.is_empty() && Instant::now() >= ping {
                ping += self.interval;
                for client in self.clients.iter_mut().flatten() {
                    if client.upgraded {
                        client.write(&[0x81, 1, b'2']);
                    }
                }
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let index = self.free.pop().unwrap_or_else(|| {
                self.clients.push(None);
                self.clients.len() - 1
            });
            self.poll.registry().register(
                &mut stream,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            self.clients[index] = Some(Client {
                stream,
                upgraded: false,
                partner: NOBODY,
                rest: Vec::new(),
                unsent: Vec::new(),
            });
        }
    }

    /// Reads until the socket has no more. A read that does not fill the buffer emptied the
    /// socket (epoll(7)).
    fn read(&mut self, index: usize, buffer: &mut [u8]) {
        loop {
            let Some(client) = &mut self.clients[index] else {
                return;
            };
            let kept = client.rest.len();
            if kept > 0 {
                buffer[..kept].copy_from_slice(&client.rest);
                client.rest = Vec::new();
            }
            let end = match client.stream.read(&mut buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => kept,
                Ok(0) | Err(_) => return self.close(index),
                Ok(length) => kept + length,
            };
            let full = end == buffer.len();
            let Some(used) = self.received(index, &mut buffer[..end]) else {
                return self.close(index);
            };
            if let Some(client) = &mut self.clients[index] {
                client.rest = buffer[used..end].to_vec();
            }
            if !full {
                return;
            }
        }
    }

    /// Takes what is complete; gives how much that was, or `None` when the connection is over.
    fn received(&mut self, index: usize, bytes: &mut [u8]) -> Option<usize> {
        let mut used = 0;
        if !self.clients[index].as_ref()?.upgraded {
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                return Some(0);
            };
            used = end + 4;
            self.clients[index].as_mut()?.upgrade(&bytes[..used])?;
        }
        while let Some((payload, end)) = frame(&bytes[used..]) {
            let is_text = bytes[used] == 0x81;
            let (begin, end) = (used + payload, used + end);
            if !is_text {
                return None;
            }
            unmask(&mut bytes[begin - 4..end]);
            self.message(index, &mut bytes[..end], begin)?;
            used = end;
        }
        Some(used)
    }

    /// One message, whose payload begins at `begin` and has its frame's header before it.
    fn message(&mut self, index: usize, bytes: &mut [u8], begin: usize) -> Option<()> {
        let client = self.clients[index].as_mut()?;
        match &bytes[begin..] {
            b"3" => {}
            b"40" => client.write(b"\x81\x2040{\"sid\":\"AAAAAAAAAAAAAAAAAAAA\"}"),
            payload if payload.starts_with(b"42[\"join\",") => match self.waiting.remove(payload) {
                Some(partner) => {
                    client.partner = partner;
                    client.write(b"\x81\x0c42[\"joined\"]");
                    self.clients[partner].as_mut()?.partner = index;
                }
                None => {
                    client.write(b"\x81\x0d42[\"created\"]");
                    self.waiting.insert(payload.to_vec(), index);
                }
            },
            _ => {
                let partner = client.partner;
                if let Some(Some(partner)) = self.clients.get_mut(partner) {
                    let header = write_header(bytes, begin);
                    partner.write(&bytes[header..]);
                }
            }
        }
        Some(())
    }

    fn close(&mut self, index: usize) {
        let Some(client) = self.clients[index].take() else {
            return;
        };
        if let Some(Some(partner)) = self.clients.get_mut(client.partner) {
            partner.partner = NOBODY;
        }
        self.waiting.retain(|_, waiting| *waiting != index);
        self.free.push(index);
    }
}

impl Client {
    /// Answers the head of the upgrade and opens the session.
    fn upgrade(&mut self, head: &[u8]) -> Option<()> {
        let head = std::str::from_utf8(head).ok()?;
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
        let digest = Sha1::new()
            .chain_update(key)
            .chain_update(KEY_SUFFIX)
            .finalize();
        let accept = STANDARD.encode(digest);
        let open = "0{\"sid\":\"AAAAAAAAAAAAAAAAAAAA\",\"upgrades\":[],\"pingInterval\":25000,\
                    \"pingTimeout\":20000,\"maxPayload\":100000}";
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        let mut bytes = answer.into_bytes();
        bytes.extend([0x81, u8::try_from(open.len()).ok()?]);
        bytes.extend(open.as_bytes());
        self.write(&bytes);
        self.upgraded = true;
        Some(())
    }

    /// Writes, and keeps what the socket does not take. That a connection is over is seen by the
    /// next read.
    fn write(&mut self, bytes: &[u8]) {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return;
        }
        match self.stream.write(bytes) {
            Ok(length) if length == bytes.len() => {}
            Ok(length) => self.unsent.extend_from_slice(&bytes[length..]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.unsent.extend_from_slice(bytes);
            }
            Err(_) => {}
        }
    }
}

/// Where a client's frame has its payload and its end, or `None` when it is incomplete. Frames of
/// 64 KiB and more do not come.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (payload, length) = match *bytes {
        [_, 0xfe, high, low, ..] => (8, usize::from(u16::from_be_bytes([high, low]))),
        [_, length, ..] => (6, usize::from(length & 0x7f)),
        _ => return None,
    };
    (bytes.len() >= payload + length).then_some((payload, payload + length))
}

/// Unmasks what follows the four bytes of the key.
fn unmask(bytes: &mut [u8]) {
    let Some((key, payload)) = bytes.split_first_chunk_mut::<4>() else {
        return;
    };
    let key = u128::from_ne_bytes(std::array::from_fn(|index| key[index % 4]));
    let mut chunks = payload.chunks_exact_mut(16);
    for chunk in &mut chunks {
        let value = u128::from_ne_bytes(std::array::from_fn(|index| chunk[index])) ^ key;
        chunk.copy_from_slice(&value.to_ne_bytes());
    }
    let rest = chunks.into_remainder();
    for (byte, key) in rest.iter_mut().zip(key.to_ne_bytes()) {
        *byte ^= key;
    }
}

/// Writes a server's header before the payload, over the client's, and says where it begins.
fn write_header(bytes: &mut [u8], payload: usize) -> usize {
    let length = bytes.len() - payload;
    if length < 126 {
        let header = payload - 2;
        bytes[header..payload].copy_from_slice(&[0x81, length as u8]);
        return header;
    }
    let [high, low] = (length as u16).to_be_bytes();
    let header = payload - 4;
    bytes[header..payload].copy_from_slice(&[0x81, 126, high, low]);
    header
}
