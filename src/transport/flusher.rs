//! The one task that writes to all WebSockets.
//!
//! A turn of the server puts packets into outboxes and notes whose. This task then frames all
//! of them into one buffer under the lock, and writes them without it, so that a client gets
//! everything of one turn in one write. What a socket does not take is kept here, and its
//! session is marked as having a backlog: its outbox, which is bounded, fills from then on.

use super::frame::{Control, write_message};
use super::stream::WriteHalf;
use super::{ConnectionKey, Server};
use crate::engineio::session::Encoded;
use crate::hub::Protocol;
use slotmap::SecondaryMap;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
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

/// The task.
#[derive(Debug)]
pub(super) struct Flusher<P> {
    server: Server<P>,
    writers: SecondaryMap<ConnectionKey, Writer>,
    buffer: Vec<u8>,
    batches: Vec<Batch>,
    /// Connections with a backlog.
    slow: Vec<ConnectionKey>,
}

impl<P> Flusher<P> {
    pub(super) fn new(server: Server<P>) -> Self {
        Self {
            server,
            writers: SecondaryMap::new(),
            buffer: Vec::new(),
            batches: Vec::new(),
            slow: Vec::new(),
        }
    }
}

/// Adds frames for a connection, to the last batch if that is for it too.
fn add(
    buffer: &mut Vec<u8>,
    batches: &mut Vec<Batch>,
    to: ConnectionKey,
    last: bool,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let start = buffer.len();
    write(buffer);
    match batches.last_mut() {
        Some(batch) if batch.to == to && !batch.last => {
            batch.bytes.end = buffer.len();
            batch.last = last;
        }
        _ => batches.push(Batch {
            to,
            bytes: start..buffer.len(),
            last,
        }),
    }
}

impl<P: Protocol> Flusher<P> {
    /// Frames what is to be sent, and learns of connections that began and ended.
    fn collect(&mut self, cx: &Context<'_>) {
        let Self {
            server,
            writers,
            buffer,
            batches,
            ..
        } = self;
        let stats = &server.0.stats;
        let mut guard = server.lock();
        let state = &mut *guard;
        let now = std::time::Instant::now();
        state.hub.run_queued(now, cx.waker());
        for (key, half) in state.opened.drain(..) {
            writers.insert(
                key,
                Writer {
                    half,
                    backlog: None,
                },
            );
        }
        for key in state.ended.drain(..) {
            if let Some(writer) = writers.remove(key) {
                stats.release(writer.backlog.map_or(0, |backlog| backlog.counted()));
            }
        }
        state
            .hub
            .flush(|to, packet| add(buffer, batches, to, false, |out| write_message(packet, out)));
        for to in state.hub.engine().take_probe_replies() {
            add(buffer, batches, to, false, |out| {
                write_message(Encoded::Text(b"3probe"), out)
            });
        }
        for (to, control) in std::mem::take(&mut state.control) {
            let last = matches!(control, Control::Close(_));
            // Who pings without reading gets no answer, or its pongs would pile up here.
            if !last
                && writers
                    .get(to)
                    .is_none_or(|writer| writer.backlog.is_some())
            {
                continue;
            }
            add(buffer, batches, to, last, |out| control.write(out));
        }
        state.closes.extend(state.hub.engine().take_close_sockets());
        for to in std::mem::take(&mut state.closes) {
            match state.connections.get(to) {
                // Its 101 is still under way: it is closed once it is open.
                Some(connection) if !connection.attached => state.closes.push(to),
                Some(connection) if !connection.closing => {
                    state.linger(to, now);
                    add(buffer, batches, to, true, |out| {
                        Control::Close(None).write(out)
                    });
                }
                _ => {}
            }
        }
        for key in state.cut.drain(..) {
            if let Some(writer) = writers.get(key) {
                writer.half.cut();
            }
        }
        if state
            .flusher
            .as_ref()
            .is_none_or(|old| !old.will_wake(cx.waker()))
        {
            state.flusher = Some(cx.waker().clone());
        }
        server.settled(guard);
    }

    /// Writes one batch; what does not go out becomes the connection's backlog.
    fn write(&mut self, batch: &Batch) {
        let Some(writer) = self.writers.get_mut(batch.to) else {
            return;
        };
        let mut bytes = self.buffer.get(batch.bytes.clone()).unwrap_or_default();
        let (stats, limits) = (&self.server.0.stats, &self.server.0.limits);
        if let Some(backlog) = &mut writer.backlog {
            // Control frames come here, and what a session that ended has left: it does not
            // hand anything over otherwise while there is a backlog.
            if stats.reserve(bytes.len(), limits.max_buffered_bytes) {
                backlog.bytes.extend_from_slice(bytes);
                backlog.last |= batch.last;
            } else {
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
        if !stats.reserve(backlog.counted(), limits.max_buffered_bytes) {
            writer.half.cut();
            return;
        }
        writer.backlog = Some(Box::new(backlog));
        self.slow.push(batch.to);
        self.set_backlog(batch.to, true);
    }

    /// Writes what it can of one backlog; `true` if there is none any more.
    fn write_backlog(&mut self, key: ConnectionKey, cx: &mut Context<'_>) -> bool {
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
        self.server.0.stats.release(backlog.counted());
        writer.backlog = None;
        if last {
            writer.half.finish();
        } else {
            self.set_backlog(key, false);
        }
        true
    }

    fn set_backlog(&self, key: ConnectionKey, backlog: bool) {
        let mut state = self.server.lock();
        if let Some(session) = state
            .connections
            .get(key)
            .map(|connection| connection.session)
        {
            state.hub.engine().set_backlog(session, key, backlog);
        }
    }
}

impl<P: Protocol> Future for Flusher<P> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // A backlog that has gone lets its session go on, which is more to collect: so this
        // is done until nothing is left to do.
        loop {
            this.collect(cx);
            let mut batches = std::mem::take(&mut this.batches);
            for batch in batches.drain(..) {
                this.write(&batch);
            }
            this.batches = batches;
            this.buffer.clear();
            this.buffer.shrink_to(KEEP);
            let slow = std::mem::take(&mut this.slow);
            let before = slow.len();
            this.slow = slow
                .into_iter()
                .filter(|key| !this.write_backlog(*key, cx))
                .collect();
            if this.slow.len() == before {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::engineio::{Message, Request, SessionKey};
    use crate::hub::Engine;
    use crate::stats::Stats;
    use std::net::{IpAddr, Ipv4Addr};
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Waker;
    use std::time::{Duration, Instant};

    /// Sets its session a time when it is told so from outside.
    #[derive(Debug, Default)]
    struct Late {
        session: Option<SessionKey>,
        at: Option<Instant>,
    }

    impl Protocol for Late {
        fn open(&mut self, _: &mut Engine, session: SessionKey, _: Request) {
            self.session = Some(session);
        }

        fn message(&mut self, _: &mut Engine, _: SessionKey, _: Message<'_>) {}

        fn close(&mut self, _: &mut Engine, _: SessionKey, _: crate::engineio::CloseReason) {}

        fn deadline(&self, _: SessionKey) -> Option<Instant> {
            self.at
        }

        fn run_queued(&mut self, engine: &mut Engine, _: &Waker) {
            self.at = Some(engine.now() + Duration::from_secs(1));
            self.session
                .into_iter()
                .for_each(|session| engine.touch(session));
        }
    }

    #[test]
    fn a_deadline_that_a_queued_job_sets_reaches_the_clock() {
        let server = Server::new(
            config::Protocol::default(),
            config::Limits::default(),
            Arc::new(Stats::default()),
            Late::default(),
        );
        server.turn(|state, now| {
            let request = Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let opened = state.hub.open(now, request, None);
            opened.expect("a session");
            // As the clock does before it sleeps.
            state.armed = state.deadline();
        });
        let mut cx = Context::from_waker(Waker::noop());
        let mut set = pin!(server.0.clock.notified());
        let mut flusher = Flusher::new(server.clone());
        assert!(set.as_mut().poll(&mut cx).is_pending());
        assert!(Pin::new(&mut flusher).poll(&mut cx).is_pending());
        assert!(set.as_mut().poll(&mut cx).is_ready());
    }
}
