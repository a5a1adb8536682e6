//! One TLS session under a WebSocket, shared by the task that reads and the one that writes.
//!
//! It stands where tokio's halves of a TCP stream stand without TLS: rustls turns bytes of the wire
//! into bytes of frames and back, and this moves the wire's bytes between rustls and the socket.
//! The lock is held for that only; both sides run on the same few threads, so it is rarely
//! contended. Either direction is polled by one task, as tokio wants it.
//!
//! Invariants: rustls is given one record ([`RECORD`]) at most before the socket has taken all of
//! the one before, so what it holds is bounded; a read fills the buffer as far as it can, so that
//! a full one means more. Left out: waiting until the other side confirms the end
//! (`close_notify`, RFC 8446 section 6.1); a WebSocket has its close frame for that.

use std::io::{self, Read as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio_rustls::rustls::ServerConnection;

/// Bytes of one record at most (RFC 8446 section 5.1).
const RECORD: usize = 16 * 1024;

/// What a record of that size takes on the wire: header, type, tag (RFC 8446 section 5.2; the 256
/// bytes are the most that the standard allows).
const RECORD_ON_WIRE: usize = 5 + RECORD + 256;

/// The session and its socket.
#[derive(Debug)]
pub(super) struct Secure {
    tcp: TcpStream,
    tls: Mutex<ServerConnection>,
}

impl Secure {
    pub(super) fn new(tcp: TcpStream, tls: ServerConnection) -> Self {
        Self {
            tcp,
            tls: Mutex::new(tls),
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    fn lock(&self) -> MutexGuard<'_, ServerConnection> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let mut tls = self.lock();
        loop {
            match tls.reader().read(buf.initialize_unfilled()) {
                // Nothing more will come, or there is no room left.
                Ok(0) => return Poll::Ready(Ok(())),
                Ok(read) => {
                    buf.advance(read);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Ended without saying so: what was read before comes first.
                Err(_) if buf.filled().len() > before => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
            match self.tcp.poll_read_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending if buf.filled().len() > before => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
            match tls.read_tls(&mut Wire(&self.tcp)) {
                Ok(_) => {
                    let processed = tls.process_new_packets();
                    // An alert, or an answer to an update of keys.
                    let flushed = self.flush(&mut tls);
                    if let Err(error) = processed {
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                    }
                    flushed?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut tls = self.lock();
        if !self.flush(&mut tls)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let record = bytes.get(..RECORD).unwrap_or(bytes);
        let taken = tls.writer().write(record)?;
        self.flush(&mut tls)?;
        Ok(taken)
    }

    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
            match self.try_write(bytes) {
                // The reader had something to send in between.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.flush(&mut self.lock())? {
                return Poll::Ready(Ok(()));
            }
            match self.tcp.poll_write_ready(cx) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
        }
    }

    /// Bytes of the wire that the socket has not taken yet, at most.
    pub(super) fn held(&self) -> usize {
        if self.lock().wants_write() {
            RECORD_ON_WIRE
        } else {
            0
        }
    }

    /// Tells the other side that nothing more will come, if the socket takes it now.
    pub(super) fn say_goodbye(&self) {
        let mut tls = self.lock();
        tls.send_close_notify();
        // Who does not read learns it from the end of the stream.
        let _ = self.flush(&mut tls);
    }

    /// Gives the socket what rustls has for it; whether it took everything.
    fn flush(&self, tls: &mut ServerConnection) -> io::Result<bool> {
        while tls.wants_write() {
            match tls.write_tls(&mut Wire(&self.tcp)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// The socket in the standard library's traits; it never waits.
struct Wire<'s>(&'s TcpStream);

impl io::Read for Wire<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }
}

impl io::Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
