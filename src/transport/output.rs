//! What goes out on all WebSockets: their write halves, and the frames of the turn that is being
//! written.
//!
//! A turn of the server puts packets into outboxes and notes whose. They are framed into one buffer
//! under the server's lock and written without it, so that a client gets everything of one turn in
//! one write. Either the [flusher](super::flusher) does that, for all of several turns together, or
//! the turn itself, if it has packets for one client alone: then there is nothing to be collected,
//! and a task's wake-up and a second lock would be a tenth of what a relayed message costs.
//!
//! Invariants: what is framed is written before anybody else frames, because both happen under the
//! lock of this, so packets keep their order. Who has the server's lock may only try for this one.
//! What a socket does not take is kept here, and its session is marked as having a backlog: its
//! outbox, which is bounded, fills from then on.

use super::frame::write_message;
use super::stream::WriteHalf;
use super::{ConnectionKey, Server};
use crate::hub::{Hub, Protocol};
use crate::stats::Stats;
use slotmap::SecondaryMap;
use std::io;
use std::ops::Range;
use std::task::{Context, Poll};

/// Capacity of the frame buffer that is kept from turn to turn.
const KEEP: usize = 64 * 1024;

#[derive(Debug)]
struct Writer {
    half: WriteHalf,
    /// What the socket has not taken yet; rare, hence boxed.
    backlog: Option<Box<Backlog>>,
}

const _: () = assert!(size_of::<Writer>() <= 24);

#[derive(Debug, Default)]
struct Backlog {
    bytes: Vec<u8>,
    written: usize,
    /// Bytes that the half has taken and still holds, when this was made.
    held: usize,
    /// Whether the socket is to be closed for writing after this.
    last: bool,
}

impl Backlog {
    /// What it counts for in the budget that all clients share.
    fn counted(&self) -> usize {
        self.bytes.len() + self.held
    }
}

/// Frames for one connection, in the buffer of this turn.
#[derive(Debug)]
struct Batch {
    to: ConnectionKey,
    bytes: Range<usize>,
    last: bool,
}

/// The write halves, and what is on its way to them.
#[derive(Debug, Default)]
pub(super) struct Output {
    writers: SecondaryMap<ConnectionKey, Writer>,
    buffer: Vec<u8>,
    batches: Vec<Batch>,
    /// Connections with a backlog.
    slow: Vec<ConnectionKey>,
}

impl Output {
    pub(super) fn open(&mut self, key: ConnectionKey, half: WriteHalf) {
        self.writers.insert(
            key,
            Writer {
                half,
                backlog: None,
            },
        );
    }

    pub(super) fn end(&mut self, key: ConnectionKey, stats: &Stats) {
        if let Some(writer) = self.writers.remove(key) {
            stats.release(writer.backlog.map_or(0, |backlog| backlog.counted()));
        }
    }

    /// Ends a connection in both directions.
    pub(super) fn cut(&self, key: ConnectionKey) {
        if let Some(writer) = self.writers.get(key) {
            writer.half.cut();
        }
    }

    /// Whether the socket has taken everything so far.
    pub(super) fn is_idle(&self, key: ConnectionKey) -> bool {
        self.writers
            .get(key)
            .is_some_and(|writer| writer.backlog.is_none())
    }

    /// Frames all packets that wait and can leave.
    pub(super) fn collect<P: Protocol>(&mut self, hub: &mut Hub<P>) {
        hub.flush(|to, packet| self.add(to, false, |out| write_message(packet, out)));
    }

    /// Adds frames for a connection, to the last batch if that is for it too.
    pub(super) fn add(&mut self, to: ConnectionKey, last: bool, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.buffer.len();
        write(&mut self.buffer);
        let end = self.buffer.len();
        match self.batches.last_mut() {
            Some(batch) if batch.to == to && !batch.last => {
                batch.bytes.end = end;
                batch.last = last;
            }
            _ => self.batches.push(Batch {
                to,
                bytes: start..end,
                last,
            }),
        }
    }

    /// Writes what was framed; `false` if a socket did not take all of its part, so that the
    /// flusher must wait for it.
    pub(super) fn write<P: Protocol>(&mut self, server: &Server<P>) -> bool {
        let slow = self.slow.len();
        let mut batches = std::mem::take(&mut self.batches);
        for batch in &batches {
            self.write_batch(server, batch);
        }
        batches.clear();
        self.batches = batches;
        self.buffer.clear();
        self.buffer.shrink_to(KEEP);
        self.slow.len() == slow
    }

    /// Writes what the sockets with a backlog take; `true` if one of them has none any more.
    pub(super) fn write_backlogs<P: Protocol>(
        &mut self,
        server: &Server<P>,
        cx: &mut Context<'_>,
    ) -> bool {
        let mut slow = std::mem::take(&mut self.slow);
        let before = slow.len();
        slow.retain(|key| !self.write_backlog(server, *key, cx));
        self.slow = slow;
        self.slow.len() < before
    }

    /// Writes one batch; what does not go out becomes the connection's backlog.
    fn write_batch<P: Protocol>(&mut self, server: &Server<P>, batch: &Batch) {
        let Some(writer) = self.writers.get_mut(batch.to) else {
            return;
        };
        let mut bytes = self.buffer.get(batch.bytes.clone()).unwrap_or_default();
        let (stats, limits) = (&server.0.stats, &server.0.limits);
        if let Some(backlog) = &mut writer.backlog {
            // Control frames come here, and what a session that ended has left: it does not
            // hand anything over otherwise while there is a backlog.
            let most = limits.budget_for(backlog.counted() + bytes.len());
            if stats.reserve(bytes.len(), most) {
                backlog.bytes.extend_from_slice(bytes);
                backlog.last |= batch.last;
            } else {
                tracing::debug!("a WebSocket is cut: too many bytes are held already");
                writer.half.cut();
            }
            return;
        }
        while !bytes.is_empty() {
            match writer.half.try_write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    // The reader of this socket learns the same and ends the session.
                    writer.half.cut();
                    return;
                }
            }
        }
        let held = writer.half.held();
        if bytes.is_empty() && held == 0 {
            if batch.last {
                writer.half.finish();
            }
            return;
        }
        let backlog = Backlog {
            bytes: bytes.to_vec(),
            written: 0,
            held,
            last: batch.last,
        };
        let most = limits.budget_for(backlog.counted());
        if !stats.reserve(backlog.counted(), most) {
            tracing::debug!("a WebSocket is cut: too many bytes are held already");
            writer.half.cut();
            return;
        }
        writer.backlog = Some(Box::new(backlog));
        self.slow.push(batch.to);
        server.set_backlog(batch.to, true);
    }

    /// Writes what it can of one backlog; `true` if there is none any more.
    fn write_backlog<P: Protocol>(
        &mut self,
        server: &Server<P>,
        key: ConnectionKey,
        cx: &mut Context<'_>,
    ) -> bool {
        let Some(writer) = self.writers.get_mut(key) else {
            return true;
        };
        let Some(backlog) = writer.backlog.as_mut() else {
            return true;
        };
        loop {
            let rest = backlog.bytes.get(backlog.written..).unwrap_or_default();
            let polled = if rest.is_empty() {
                writer.half.poll_flush(cx).map_ok(|()| 0)
            } else {
                writer.half.poll_write(cx, rest)
            };
            match polled {
                Poll::Pending => return false,
                Poll::Ready(Ok(_)) if rest.is_empty() => break,
                Poll::Ready(Ok(written)) => backlog.written += written,
                Poll::Ready(Err(_)) => {
                    writer.half.cut();
                    return true;
                }
            }
        }
        let last = backlog.last;
        server.0.stats.release(backlog.counted());
        writer.backlog = None;
        if last {
            writer.half.finish();
        } else {
            server.set_backlog(key, false);
        }
        true
    }
}

impl<P: Protocol> Server<P> {
    fn set_backlog(&self, key: ConnectionKey, backlog: bool) {
        let mut state = self.lock();
        if let Some(session) = state
            .connections
            .get(key)
            .map(|connection| connection.session)
        {
            state.hub.engine().set_backlog(session, key, backlog);
        }
    }
}
