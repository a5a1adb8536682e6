//! The way out of a session: into its outbox, and out of it by the transport that carries it.

use super::input::OutboxFull;
use super::outbox::{Encoded, Outbox, Outgoing, Pool};
use super::{ConnectionKey, Phase, Poll, Post, Release, Session};
use crate::config::Limits;
use crate::engineio::handshake::Transport;
use crate::engineio::payload::Payload;
use crate::engineio::revision::Format;

impl Release {
    fn packets(self) -> &'static [&'static [u8]] {
        match self {
            Self::Noop => &[b"6"],
            Self::Close => &[b"1"],
            Self::NoopThenClose => &[b"6", b"1"],
        }
    }
}

impl Session {
    /// Puts a packet into the outbox; a session that is closing or closed forgets it.
    ///
    /// # Errors
    /// [`OutboxFull`] if the packet does not fit into the limits.
    pub fn send(
        &mut self,
        packet: Outgoing<'_>,
        compress: bool,
        limits: &Limits,
        pool: &mut Pool,
    ) -> Result<(), OutboxFull> {
        if !self.is_open() {
            return Ok(());
        }
        let fits = self.outbox.packets() < limits.max_outbox_packets
            && self.outbox.bytes() + packet.len() <= limits.max_outbox_bytes;
        if !fits {
            return Err(OutboxFull);
        }
        self.outbox.push(packet, compress, pool);
        Ok(())
    }

    /// Whether something sent now would leave at once: a poll waits, or the session has a
    /// WebSocket (whose own backlog the hub knows). Volatile packets are dropped otherwise.
    pub fn is_writable(&self) -> bool {
        match self.phase {
            Phase::Polling | Phase::Probing(_) => self.poll == Poll::Waiting,
            Phase::WebSocket(_) => true,
            Phase::Closing { .. } | Phase::Closed(_) => false,
        }
    }

    /// Whether the layer above still has a client here.
    pub fn is_open(&self) -> bool {
        matches!(
            self.phase,
            Phase::Polling | Phase::Probing(_) | Phase::WebSocket(_)
        )
    }

    /// Whether requests may still name this session.
    pub fn is_known(&self) -> bool {
        !matches!(self.phase, Phase::Closed(_))
    }

    /// Whether the session is over and owes nobody anything.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Closed(None) && self.poll == Poll::Absent && self.post == Post::Absent
    }

    /// The transport that carries the session now.
    pub fn transport(&self) -> Transport {
        match self.phase {
            Phase::WebSocket(_) | Phase::Closed(Some(_)) => Transport::WebSocket,
            Phase::Polling | Phase::Probing(_) | Phase::Closing { .. } | Phase::Closed(None) => {
                Transport::Polling
            }
        }
    }

    /// How the client wants its packets.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The body for the waiting poll, if it is to be answered now.
    pub fn take_payload(&mut self, pool: &mut Pool) -> Option<Payload> {
        match self.poll {
            Poll::Absent => None,
            Poll::Release(release) => {
                self.poll = Poll::Absent;
                let mut payload = Payload::default();
                for packet in release.packets() {
                    payload.push(self.format.revision, Encoded::Text(packet));
                }
                Some(payload)
            }
            Poll::Waiting if self.outbox.is_empty() => None,
            Poll::Waiting => {
                self.poll = Poll::Absent;
                Some(self.outbox.drain_payload(pool, self.format))
            }
        }
    }

    /// Whether [`take_payload`](Self::take_payload) would return a body.
    pub fn has_payload(&self) -> bool {
        match self.poll {
            Poll::Absent => false,
            Poll::Release(_) => true,
            Poll::Waiting => !self.outbox.is_empty(),
        }
    }

    /// The WebSocket that takes the outbox now, and the outbox.
    pub fn socket_outbox(&mut self) -> Option<(ConnectionKey, &mut Outbox)> {
        match self.phase {
            Phase::WebSocket(connection) | Phase::Closed(Some(connection)) => {
                Some((connection, &mut self.outbox))
            }
            Phase::Polling | Phase::Probing(_) | Phase::Closing { .. } | Phase::Closed(None) => {
                None
            }
        }
    }

    /// Bytes that wait in the outbox.
    pub fn buffered_bytes(&self) -> usize {
        self.outbox.bytes()
    }
}
