//! The load generator: all clients in one thread and one epoll instance, so that it costs about as
//! little as the floor and never is what a server waits for.
//!
//! A turn flushes what the clients have to say (one write each), waits for sockets, and reads.
//! Messages are handed to the scenario in the order in which they came. A connection that ends
//! unasked is an error.

pub(crate) mod client;
mod frame;
pub(crate) mod http;
mod stream;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustls::ClientConfig;

use client::{Ask, Client, Line, Transport};
use stream::Stream;

/// Handshakes that are under way at one time.
const AT_ONCE: usize = 50;
/// Something happens within this, or the run has failed.
const PATIENCE: Duration = Duration::from_secs(60);
const BUFFER: usize = 256 * 1024;

/// Messages that came, in their order, back to back in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// The receiver and the end of the message.
    entries: VecDeque<(usize, usize)>,
    begin: usize,
}

impl Inbox {
    /// The next message and who received it.
    pub(crate) fn next(&mut self) -> Option<(usize, &[u8])> {
        let Some((client, end)) = self.entries.pop_front() else {
            self.bytes.clear();
            self.begin = 0;
            return None;
        };
        let message = self.bytes.get(self.begin..end).unwrap_or_default();
        self.begin = end;
        Some((client, message))
    }

    fn push(&mut self, client: usize, message: &[u8]) {
        self.bytes.extend_from_slice(message);
        self.entries.push_back((client, self.bytes.len()));
    }
}

/// Clients of one server.
pub(crate) struct Load {
    poll: Poll,
    events: Events,
    address: SocketAddr,
    clients: Vec<Option<Client>>,
    /// Clients with something to write.
    dirty: Vec<usize>,
    buffer: Vec<u8>,
    tls: Arc<ClientConfig>,
    joined: usize,
    inbox: Inbox,
    last_news: Instant,
}

impl Load {
    pub(crate) fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            address,
            clients: Vec::new(),
            dirty: Vec::new(),
            buffer: vec![0; BUFFER],
            tls: stream::trusting()?,
            joined: 0,
            inbox: Inbox::default(),
            last_news: Instant::now(),
        })
    }

    /// Begins to connect a client and gives its number.
    pub(crate) fn open(&mut self, transport: Transport) -> Result<usize> {
        let index = self.clients.len();
        let over_http = matches!(transport, Transport::Polling | Transport::Upgrade);
        let line = if over_http { Line::Http } else { Line::Socket };
        let tls = transport == Transport::Secure;
        let stream = self.stream(index, line, tls)?;
        self.clients
            .push(Some(Client::new(transport, self.address, stream)));
        self.dirty.push(index);
        Ok(index)
    }

    /// Connects so many clients, one after another but several at a time, and gives their numbers.
    pub(crate) fn connect(&mut self, count: usize, transport: Transport) -> Result<Vec<usize>> {
        let before = self.joined;
        let mut opened = Vec::with_capacity(count);
        while self.joined - before < count {
            let under_way = opened.len() - (self.joined - before);
            for _ in under_way..AT_ONCE.min(under_way + count - opened.len()) {
                opened.push(self.open(transport)?);
            }
            self.turn_or_fail()?;
        }
        self.turn(Duration::ZERO)?;
        Ok(opened)
    }

    /// Connects one client.
    pub(crate) fn connect_one(&mut self, transport: Transport) -> Result<usize> {
        let before = self.joined;
        let client = self.open(transport)?;
        while self.joined == before {
            self.turn_or_fail()?;
        }
        Ok(client)
    }

    /// Queues a message; the next turn sends it.
    pub(crate) fn send(&mut self, client: usize, text: &[u8]) -> Result<()> {
        let found = self.clients.get_mut(client).and_then(Option::as_mut);
        found.context("no such client")?.send(text)?;
        self.dirty.push(client);
        Ok(())
    }

    /// The next message that came, if one did.
    pub(crate) fn next(&mut self) -> Option<(usize, &[u8])> {
        self.inbox.next()
    }

    /// Waits for this message at this client; another one first is an error.
    pub(crate) fn expect(&mut self, client: usize, text: &[u8]) -> Result<()> {
        while self.inbox.entries.is_empty() {
            self.turn_or_fail()?;
        }
        let (receiver, message) = self.inbox.next().context("no message")?;
        ensure!(
            receiver == client && message == text,
            "client {receiver} got {}, where client {client} should get {}",
            message.escape_ascii(),
            text.escape_ascii()
        );
        Ok(())
    }

    /// Runs until every client has answered so many pings.
    pub(crate) fn answer_pings(&mut self, pings: u32) -> Result<()> {
        let all = |load: &Self| {
            load.clients
                .iter()
                .flatten()
                .all(|client| client.pings >= pings)
        };
        while !all(self) {
            self.turn_or_fail()?;
        }
        // What it sends last is received, too.
        self.stay(Duration::from_millis(200))
    }

    /// Runs for a time.
    pub(crate) fn stay(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left)?;
        }
    }

    /// Pings that were answered, of all clients.
    pub(crate) fn pings(&self) -> u64 {
        let clients = self.clients.iter().flatten();
        clients.map(|client| u64::from(client.pings)).sum()
    }

    /// Closes one client's connections.
    pub(crate) fn leave(&mut self, client: usize) {
        if let Some(client) = self.clients.get_mut(client) {
            *client = None;
        }
    }

    /// Closes all connections.
    pub(crate) fn leave_all(&mut self) {
        self.clients.clear();
        self.dirty.clear();
    }

    /// A turn in which something must come.
    pub(crate) fn turn_or_fail(&mut self) -> Result<()> {
        self.turn(PATIENCE)
    }

    /// Flushes, waits at most so long for sockets, and reads them.
    pub(crate) fn turn(&mut self, patience: Duration) -> Result<()> {
        self.flush()?;
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        let now = Instant::now();
        if self.events.is_empty() {
            let silence = now.duration_since(self.last_news);
            ensure!(patience < PATIENCE, "nothing came for {silence:?}");
            return Ok(());
        }
        self.last_news = now;
        let ready: Vec<_> = self.events.iter().map(|event| event.token()).collect();
        for Token(token) in ready {
            let line = if token % 2 == 0 {
                Line::Http
            } else {
                Line::Socket
            };
            self.read(token / 2, line)
                .with_context(|| format!("client {}", token / 2))?;
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        for client in self.dirty.drain(..) {
            let Some(Some(client)) = self.clients.get_mut(client) else {
                continue;
            };
            for connection in [&mut client.http, &mut client.socket].into_iter().flatten() {
                if !connection.stream.output().is_empty() {
                    connection.stream.flush()?;
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, index: usize, line: Line) -> Result<()> {
        loop {
            let Some(Some(client)) = self.clients.get_mut(index) else {
                return Ok(());
            };
            let Some(connection) = client.line(line) else {
                return Ok(());
            };
            // A socket that was full may have room now.
            connection.stream.flush()?;
            let Some(length) = connection.stream.read(&mut self.buffer)? else {
                bail!("the server ended a connection");
            };
            if length == 0 {
                return Ok(());
            }
            let bytes = self.buffer.get(..length).unwrap_or_default();
            let inbox = &mut self.inbox;
            let ask = client.received(line, bytes, |message| inbox.push(index, message))?;
            self.dirty.push(index);
            match ask {
                Ask::Nothing => {}
                Ask::Joined => self.joined += 1,
                Ask::OpenSocket => {
                    let stream = self.stream(index, Line::Socket, false)?;
                    if let Some(Some(client)) = self.clients.get_mut(index) {
                        client.open_socket(stream);
                    }
                }
            }
            if length < self.buffer.len() && line == Line::Socket {
                // Without TLS a short read has emptied the socket (epoll(7)); with it, the reader
                // may hold more.
                let secure = self.clients.get(index).and_then(Option::as_ref);
                if secure.is_some_and(|client| client.transport != Transport::Secure) {
                    return Ok(());
                }
            }
        }
    }

    fn stream(&self, client: usize, line: Line, tls: bool) -> Result<Stream> {
        let socket = std::net::TcpStream::connect(self.address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        let token = Token(client * 2 + usize::from(line == Line::Socket));
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut socket, token, interest)?;
        Stream::new(socket, tls.then_some(&self.tls))
    }
}
