//! A connection as hyper reads and writes it: some bytes may come once more before those of the
//! socket, and it is known whether all that was written has been sent.
//!
//! It stands between hyper and the socket, for [`connection`](super::connection): hyper's state can
//! be let go of between two requests if what it has read too early is kept, and if nothing lies in
//! its buffer for writing. The second is seen from outside, because hyper flushes whenever that
//! buffer has become empty, and only then.

use crate::transport::Stream;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream and what is read before it.
pub(super) struct Rewind {
    stream: Stream,
    /// Comes before what the stream brings.
    ahead: Vec<u8>,
    /// Set between a write and the flush that follows it; shared with who has to know.
    unsent: Arc<AtomicBool>,
}

impl Rewind {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
            unsent: Arc::default(),
        }
    }

    /// Whether hyper may have bytes that the system has not taken.
    pub(super) fn unsent(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.unsent)
    }

    /// The stream, and what has to be read before it.
    pub(super) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.ahead)
    }

    /// Has these bytes read before all others.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.ahead.splice(..0, bytes.iter().copied());
    }

    /// Is ready when the other side has gone. Should it send something instead, that is kept for
    /// later and nothing more is read, so its end is not noticed: clients wait for an answer
    /// before they use a connection again.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.ahead.is_empty() {
            return Poll::Pending;
        }
        let mut byte = [0];
        let mut read = ReadBuf::new(&mut byte);
        match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read)) {
            Ok(()) if !read.filled().is_empty() => {
                self.ahead.extend_from_slice(read.filled());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl AsyncRead for Rewind {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let ahead = self.ahead.len().min(buf.remaining());
        let rest = self.ahead.split_off(ahead);
        buf.put_slice(&self.ahead);
        self.ahead = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewind {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.unsent.store(true, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unsent.store(true, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.unsent.store(false, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
