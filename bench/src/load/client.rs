//! One client: how it comes to a joined namespace over its transport, and what it does by itself
//! from then on (it answers pings, and a polling client polls again).
//!
//! A polling client uses one connection for both polls and posts, one after the other; a browser
//! may open a second one.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};

use super::frame;
use super::http::{self, Answer};
use super::stream::Stream;

/// How a client is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// WebSocket straight away.
    WebSocket,
    /// The same over TLS.
    Secure,
    /// Polling, and nothing else.
    Polling,
    /// Polling, then the upgrade to WebSocket, as the official client does.
    Upgrade,
}

/// Which of its two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The one that speaks HTTP.
    Http,
    /// The WebSocket.
    Socket,
}

/// How far it is: what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `0{...}` of a poll.
    PollOpen,
    /// `40{...}` of a poll.
    PollConnect,
    /// Nothing special: joined, with a poll that is pending.
    Poll,
    /// The 101.
    Switching,
    /// `0{...}` over WebSocket.
    Open,
    /// `40{...}` over WebSocket.
    Connect,
    /// `3probe`.
    Probe,
    /// The end of the poll that is pending while upgrading: `6`.
    Noop,
    /// Nothing special: joined over WebSocket.
    Joined,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) transport: Transport,
    host: SocketAddr,
    pub(crate) http: Option<Connection>,
    pub(crate) socket: Option<Connection>,
    /// How far it is over HTTP.
    polling: Step,
    /// How far it is over WebSocket.
    step: Step,
    sid: String,
    /// Pings that it has answered.
    pub(crate) pings: u32,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    /// What is incomplete.
    rest: Vec<u8>,
}

/// What a client asks of the load after something was received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Nothing.
    Nothing,
    /// A second connection, for the upgrade.
    OpenSocket,
    /// It has joined: an upgrading client after the upgrade.
    Joined,
}

impl Client {
    /// A client whose first connection is this.
    pub(crate) fn new(transport: Transport, host: SocketAddr, mut stream: Stream) -> Self {
        let over_http = matches!(transport, Transport::Polling | Transport::Upgrade);
        let request = if over_http {
            http::poll(host, None)
        } else {
            http::upgrade(host, None)
        };
        stream.output().extend_from_slice(request.as_bytes());
        let connection = Some(Connection::new(stream));
        let (http, socket) = if over_http {
            (connection, None)
        } else {
            (None, connection)
        };
        Self {
            transport,
            host,
            http,
            socket,
            polling: Step::PollOpen,
            step: Step::Switching,
            sid: String::new(),
            pings: 0,
        }
    }

    pub(crate) fn line(&mut self, line: Line) -> Option<&mut Connection> {
        match line {
            Line::Http => self.http.as_mut(),
            Line::Socket => self.socket.as_mut(),
        }
    }

    /// Adds the connection for the upgrade.
    pub(crate) fn open_socket(&mut self, mut stream: Stream) {
        let request = http::upgrade(self.host, Some(&self.sid));
        stream.output().extend_from_slice(request.as_bytes());
        self.socket = Some(Connection::new(stream));
    }

    /// Queues a message of the application's.
    pub(crate) fn send(&mut self, text: &[u8]) -> Result<()> {
        let socket = self.socket.as_mut().context("it has no WebSocket")?;
        frame::write(text, socket.stream.output());
        Ok(())
    }

    /// Takes received bytes. Messages of the application's go to `message`.
    pub(crate) fn received(
        &mut self,
        line: Line,
        bytes: &[u8],
        mut message: impl FnMut(&[u8]),
    ) -> Result<Ask> {
        let connection = self.line(line).context("no such connection")?;
        let mut rest = std::mem::take(&mut connection.rest);
        let whole = if rest.is_empty() {
            bytes
        } else {
            rest.extend_from_slice(bytes);
            &rest
        };
        let mut used = 0;
        let mut ask = Ask::Nothing;
        loop {
            let next = whole.get(used..).unwrap_or_default();
            if line == Line::Http || self.step == Step::Switching {
                let Some(answer) = Answer::parse(next)? else {
                    break;
                };
                used += answer.end;
                ask = self.answered(line, &answer, ask)?;
            } else {
                let Some(range) = frame::read(next)? else {
                    break;
                };
                used += range.end;
                let text = next.get(range).unwrap_or_default();
                if self.step == Step::Joined && text != b"2" {
                    message(text);
                } else {
                    ask = self.control(text, ask)?;
                }
            }
        }
        let left = whole.get(used..).unwrap_or_default().to_vec();
        if let Some(connection) = self.line(line) {
            connection.rest = left;
        }
        Ok(ask)
    }

    /// An HTTP answer.
    fn answered(&mut self, line: Line, answer: &Answer, ask: Ask) -> Result<Ask> {
        if line == Line::Socket {
            ensure!(
                answer.status == 101,
                "status {} to an upgrade",
                answer.status
            );
            if self.transport == Transport::Upgrade {
                self.send(b"2probe")?;
                self.step = Step::Probe;
            } else {
                self.step = Step::Open;
            }
            return Ok(ask);
        }
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 200, "status {}: {body}", answer.status);
        match (self.polling, body.as_ref()) {
            (Step::PollOpen, _) => {
                self.sid = http::sid(&answer.body)?;
                self.polling = Step::PollConnect;
                self.post("40")?;
            }
            (_, "ok") => self.poll()?,
            (Step::Poll, "6") => {
                // Only now is the old transport at its end, and the upgrade may be told.
                self.http = None;
                if self.step == Step::Noop {
                    return self.upgraded();
                }
            }
            (_, payload) => return self.packets(payload, ask),
        }
        Ok(ask)
    }

    /// The packets of a poll, divided by the record separator.
    fn packets(&mut self, payload: &str, ask: Ask) -> Result<Ask> {
        let (mut pinged, mut joined) = (false, false);
        for packet in payload.split('\u{1e}') {
            match packet {
                "2" => pinged = true,
                _ if self.polling == Step::PollConnect && packet.starts_with("40{") => {
                    joined = true;
                }
                _ => bail!("{packet:?} while waiting for {:?}", self.polling),
            }
        }
        if joined {
            self.polling = Step::Poll;
        }
        if pinged {
            self.pings += 1;
            self.post("3")?;
        } else {
            self.poll()?;
        }
        Ok(match self.transport {
            _ if !joined => ask,
            Transport::Upgrade => Ask::OpenSocket,
            _ => Ask::Joined,
        })
    }

    /// A packet over WebSocket that is none of the application's.
    fn control(&mut self, text: &[u8], ask: Ask) -> Result<Ask> {
        match (self.step, text) {
            (Step::Open, _) => {
                self.sid = http::sid(text)?;
                self.send(b"40")?;
                self.step = Step::Connect;
            }
            (Step::Connect, text) if text.starts_with(b"40{") => {
                self.step = Step::Joined;
                return Ok(Ask::Joined);
            }
            (Step::Probe, b"3probe") if self.http.is_some() => self.step = Step::Noop,
            (Step::Probe, b"3probe") => return self.upgraded(),
            // Some servers ping at once.
            (_, b"2") => {
                self.pings += 1;
                self.send(b"3")?;
            }
            (step, text) => bail!("{} while waiting for {step:?}", text.escape_ascii()),
        }
        Ok(ask)
    }

    fn upgraded(&mut self) -> Result<Ask> {
        self.send(b"5")?;
        self.step = Step::Joined;
        Ok(Ask::Joined)
    }

    fn poll(&mut self) -> Result<()> {
        self.ask(&http::poll(self.host, Some(&self.sid)))
    }

    fn post(&mut self, body: &str) -> Result<()> {
        self.ask(&http::post(self.host, &self.sid, body))
    }

    fn ask(&mut self, request: &str) -> Result<()> {
        let http = self.http.as_mut().context("it does not poll")?;
        http.stream.output().extend_from_slice(request.as_bytes());
        Ok(())
    }
}

impl Connection {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            rest: Vec::new(),
        }
    }
}
