//! A TLS connection: the session and its socket, for one who reads and one who writes.
//!
//! It stands where tokio's TCP stream stands without TLS: first below hyper, then, shared, below the
//! task that reads a WebSocket and the output. The lock is held for as long as bytes move between
//! the socket and the session ([`Records`]); both sides run on the same few threads, so it is rarely
//! contended. Either direction is polled by one task, as tokio wants it.
//!
//! Invariants: the session is given one record ([`RECORD`]) at most before the socket has taken all of
//! the one before, so what is held for a client that does not read is bounded; a read fills the
//! buffer as far as it can, so that a full one means more. Memory: the wire is read into a buffer
//! that all connections of a thread share, and written from one. A connection has bytes of its own
//! while a record has come in part, or its reader has no room for it, which its [`Budget`] counts; and
//! while the socket has not taken a record whole: one, which the output counts of a WebSocket. Left out:
//! waiting until the other side confirms the end (`close_notify`, RFC 8446 section 6.1); a WebSocket
//! has its close frame for that, HTTP its lengths.

use super::records::Records;
use crate::config::{Limits, budget_of};
use crate::stats::Stats;
pub use rustls::ServerConfig;
use socket2::SockRef;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, Read as _};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{Interest, ReadBuf};
use tokio::net::TcpStream;

/// Bytes of one record at most (RFC 8446 section 5.1).
const RECORD: usize = 16 * 1024;

/// What a record of that size takes on the wire: header, type, tag (RFC 8446 section 5.2; the 256
/// bytes are the most that the standard allows).
const RECORD_ON_WIRE: usize = 5 + RECORD + 256;

/// Bytes of the wire that one read can bring, with what is left of the one before: more than one
/// record, or than the first message of a handshake, which browsers keep below 3 KB.
const READ_BUFFER: usize = 32 * 1024;

thread_local! {
    /// What is read lies here only until it is decrypted, in the same call.
    static WIRE: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BUFFER].into_boxed_slice());
    /// What is encrypted, until the socket has taken it or has not.
    static OUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The budget that counts what connections over TLS hold of what came in.
#[derive(Debug, Clone)]
pub struct Budget {
    stats: Arc<Stats>,
    most: usize,
}

impl Budget {
    /// That of a server with these counters and limits ([`Limits::max_buffered_bytes`]).
    pub fn new(stats: Arc<Stats>, limits: &Limits) -> Self {
        Self {
            stats,
            most: limits.max_buffered_bytes,
        }
    }
}

/// The session and its socket.
#[derive(Debug)]
pub struct Secure {
    tcp: TcpStream,
    budget: Budget,
    tls: Mutex<Session>,
}

#[derive(Debug)]
struct Session {
    records: Records,
    /// For the socket, which has taken `sent` bytes of it.
    unsent: Vec<u8>,
    sent: usize,
    /// What of the budget it has.
    counted: usize,
}

impl Secure {
    /// Makes the handshake.
    ///
    /// # Errors
    /// If the connection ends, the budget is exhausted, or the handshake fails:
    /// [`io::ErrorKind::InvalidData`], with rustls's reason; the client is told by an alert.
    pub async fn accept(
        tcp: TcpStream,
        config: Arc<ServerConfig>,
        budget: Budget,
    ) -> io::Result<Self> {
        let records = Records::new(config).map_err(io::Error::other)?;
        let secure = Self {
            tcp,
            budget,
            tls: Mutex::new(Session {
                records,
                unsent: Vec::new(),
                sent: 0,
                counted: 0,
            }),
        };
        loop {
            poll_fn(|cx| secure.poll_flush(cx)).await?;
            if !secure.lock().records.is_handshaking() {
                return Ok(secure);
            }
            match poll_fn(|cx| secure.poll_handshake(cx)).await {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) => {
                    // The alert that says why, if the connection is still there.
                    let _ = poll_fn(|cx| secure.poll_flush(cx)).await;
                    return Err(error);
                }
            }
        }
    }

    /// Reads what belongs to the handshake. A request may follow at once; it is kept until it is
    /// asked for.
    fn poll_handshake(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            let none = &mut ReadBuf::new(&mut []);
            match self.receive(&mut self.lock(), none, READ_BUFFER) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.tcp.poll_read_ready(cx))?;
                }
                result => return Poll::Ready(result),
            }
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    fn lock(&self) -> MutexGuard<'_, Session> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let mut session = self.lock();
        loop {
            session.records.take(buf);
            let counted = self.count(&mut session);
            if buf.remaining() == 0 || session.records.is_at_end() {
                return Poll::Ready(Ok(()));
            }
            // What has no room in it has to be kept, so not more is read than would fit.
            let most = buf.remaining();
            let checked = session.records.check().map_err(not_tls).and(counted);
            let received = checked.and_then(|()| self.receive(&mut session, buf, most));
            match received {
                Ok(1..) => {}
                // Nothing more, or an end, which is met again: what was read before comes first.
                _ if buf.filled().len() > before => return Poll::Ready(Ok(())),
                // Ended without saying so.
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.tcp.poll_read_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Reads `most` bytes of the wire at most, once, and gives what they bring, as far as there is
    /// room; tells how many they were.
    fn receive(
        &self,
        session: &mut Session,
        buf: &mut ReadBuf<'_>,
        most: usize,
    ) -> io::Result<usize> {
        WIRE.with_borrow_mut(|wire| {
            let partial = session.records.partial();
            let kept = partial.len();
            let end = wire.len().min(kept + most);
            let wire_and_room = wire.get_mut(..end).unwrap_or_default();
            let Some((begin, rest)) = wire_and_room
                .split_at_mut_checked(kept)
                .filter(|(_, rest)| !rest.is_empty())
            else {
                let reason = "a message of the handshake is too long";
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            };
            begin.copy_from_slice(partial);
            let read = self.read(rest)?;
            let wire = wire.get_mut(..kept + read).unwrap_or_default();
            let received = session.records.receive(wire, buf, &mut session.unsent);
            // An alert, or a part of the handshake. What the socket does not take goes with the next
            // write, and who writes learns that it is broken.
            let _ = self.flush(session);
            received.map_err(not_tls)?;
            self.count(session)?;
            Ok(read)
        })
    }

    /// One `recv`. If it brings less than there is room for, tokio is told that this was all, so that it
    /// does not have to be asked.
    fn read(&self, room: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        let all = self.tcp.try_io(Interest::READABLE, || {
            read = (&*SockRef::from(&self.tcp)).read(room)?;
            match read == 0 || read == room.len() {
                true => Ok(()),
                false => Err(io::ErrorKind::WouldBlock.into()),
            }
        });
        match all {
            Err(error) if read == 0 => Err(error),
            _ => Ok(read),
        }
    }

    /// Counts what is held now against the budget.
    fn count(&self, session: &mut Session) -> io::Result<()> {
        let held = session.records.held();
        let Budget { stats, most } = &self.budget;
        stats.release(session.counted.saturating_sub(held));
        let more = held.saturating_sub(session.counted);
        if !stats.reserve(more, budget_of(*most, held)) {
            tracing::debug!("a TLS connection is cut: too many bytes are held already");
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        session.counted = held;
        Ok(())
    }

    /// Takes bytes of one record at most; [`io::ErrorKind::WouldBlock`] while the one before has not
    /// been sent whole.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut session = self.lock();
        if !self.flush(&mut session)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let record = bytes.get(..RECORD).unwrap_or(bytes);
        self.send(&mut session, |records, out| records.send(record, out))?;
        Ok(record.len())
    }

    /// Has records made, and keeps what the socket does not take of them.
    fn send(
        &self,
        session: &mut Session,
        write: impl FnOnce(&mut Records, &mut Vec<u8>) -> Result<(), rustls::Error>,
    ) -> io::Result<()> {
        OUT.with_borrow_mut(|out| {
            out.clear();
            write(&mut session.records, out).map_err(not_tls)?;
            let sent = if session.unsent.is_empty() {
                self.write(out)?
            } else {
                0
            };
            session
                .unsent
                .extend_from_slice(out.get(sent..).unwrap_or_default());
            Ok(())
        })
    }

    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_flush(cx))?;
            match self.try_write(bytes) {
                // The reader had something to send in between.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// The same for several slices, as many of which go into one record as fit.
    pub(super) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        match (filled.next(), filled.next()) {
            (None, _) => Poll::Ready(Ok(0)),
            (Some(only), None) => self.poll_write(cx, only),
            (Some(long), _) if long.len() >= RECORD => self.poll_write(cx, long),
            // Nobody reads meanwhile, so the buffer is free.
            _ => WIRE.with_borrow_mut(|gathered| {
                let mut room = gathered.get_mut(..RECORD).unwrap_or_default();
                for slice in slices {
                    room = copy(slice, room);
                }
                let length = RECORD - room.len();
                self.poll_write(cx, gathered.get(..length).unwrap_or_default())
            }),
        }
    }

    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.flush(&mut self.lock())? {
                return Poll::Ready(Ok(()));
            }
            ready!(self.tcp.poll_write_ready(cx))?;
        }
    }

    /// Says goodbye, and nothing more once the system has all of it.
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.say_goodbye();
        ready!(self.poll_flush(cx))?;
        Poll::Ready(SockRef::from(&self.tcp).shutdown(Shutdown::Write))
    }

    /// Bytes of the wire that the socket has not taken yet, at most.
    pub(super) fn held(&self) -> usize {
        if self.lock().unsent.is_empty() {
            0
        } else {
            RECORD_ON_WIRE
        }
    }

    /// Tells the other side that nothing more will come, if the socket takes it now.
    pub(super) fn say_goodbye(&self) {
        let mut session = self.lock();
        // Who does not read learns it from the end of the stream.
        let _ = self.send(&mut session, Records::finish);
    }

    /// Gives the socket what there is for it; whether it took everything.
    fn flush(&self, session: &mut Session) -> io::Result<bool> {
        if session.unsent.is_empty() {
            return Ok(true);
        }
        session.sent += self.write(session.unsent.get(session.sent..).unwrap_or_default())?;
        let whole = session.sent == session.unsent.len();
        if whole {
            session.unsent = Vec::new();
            session.sent = 0;
        }
        Ok(whole)
    }

    /// Writes what the socket takes without waiting.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.tcp.try_write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.budget.stats.release(self.lock().counted);
    }
}

fn not_tls(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Copies as much as fits, and gives the room that is left.
fn copy<'r>(from: &[u8], room: &'r mut [u8]) -> &'r mut [u8] {
    let length = from.len().min(room.len());
    let (into, rest) = room.split_at_mut(length);
    into.copy_from_slice(from.get(..length).unwrap_or_default());
    rest
}
