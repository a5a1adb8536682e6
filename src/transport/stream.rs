//! A TCP connection with TLS or without, and its two halves once it is a WebSocket.
//!
//! While HTTP is spoken on it, hyper has the whole [`Stream`]. After an upgrade the reader's task
//! and the output have a half each: without TLS those are tokio's, which need nothing of each
//! other; with TLS both are the same [`Secure`], because one TLS session serves both directions.

pub use super::secure::{Budget, Secure, ServerConfig};
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A connection that a server can be given: plain, or with its TLS handshake done.
#[derive(Debug)]
pub enum Stream {
    /// Plain TCP.
    Plain(TcpStream),
    /// TLS on TCP; shared, as a WebSocket will have it.
    Secure(Arc<Secure>),
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Plain(stream)
    }
}

impl From<Secure> for Stream {
    fn from(stream: Secure) -> Self {
        Self::Secure(Arc::new(stream))
    }
}

impl Stream {
    /// Whether it speaks TLS.
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    /// The TCP stream below.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.tcp(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Secure::poll_read(stream, cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => stream.poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => stream.poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => stream.poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Secure(stream) => stream.poll_write_vectored(cx, slices),
        }
    }

    /// Both gather; TLS into one record.
    fn is_write_vectored(&self) -> bool {
        true
    }
}

/// What the task that reads a WebSocket has. It fills as much of the buffer as it can without
/// waiting, so that a full buffer means that there may be more.
pub(super) trait ReadHalf: Send + Unpin + 'static {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>;
}

impl ReadHalf for OwnedReadHalf {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(self).poll_read(cx, buf)
    }
}

impl ReadHalf for Arc<Secure> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Secure::poll_read(self, cx, buf)
    }
}

/// What the output has of a WebSocket.
#[derive(Debug)]
pub(super) enum WriteHalf {
    Plain(OwnedWriteHalf),
    Secure(Arc<Secure>),
}

impl WriteHalf {
    /// Takes what it can without waiting; [`io::ErrorKind::WouldBlock`] if that is nothing.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(half) => half.try_write(bytes),
            Self::Secure(secure) => secure.try_write(bytes),
        }
    }

    /// The same, but waits if that is nothing.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(half) => Pin::new(half).poll_write(cx, bytes),
            Self::Secure(secure) => secure.poll_write(cx, bytes),
        }
    }

    /// Waits until the system has all that was taken.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Secure(secure) => secure.poll_flush(cx),
        }
    }

    /// Bytes that were taken, but not by the system yet, at most.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Plain(_) => 0,
            Self::Secure(secure) => secure.held(),
        }
    }

    /// Says that nothing more will be sent; the other side may still be read.
    pub(super) fn finish(&self) {
        if let Self::Secure(secure) = self {
            secure.say_goodbye();
        }
        self.shutdown(Shutdown::Write);
    }

    /// Ends both directions: the reader of this socket sees its end.
    pub(super) fn cut(&self) {
        self.shutdown(Shutdown::Both);
    }

    fn shutdown(&self, how: Shutdown) {
        let tcp = match self {
            Self::Plain(half) => half.as_ref(),
            Self::Secure(secure) => secure.tcp(),
        };
        // Fails only if the other side has ended the connection already.
        let _ = socket2::SockRef::from(tcp).shutdown(how);
    }
}
