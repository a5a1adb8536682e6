//! A TCP connection with TLS or without, and its two halves once it is a WebSocket.
//!
//! While HTTP is spoken on it, hyper has the whole [`Stream`]. After an upgrade the reader's task
//! and the output have a half each: without TLS those are tokio's, which need nothing of each
//! other; with TLS both are a handle of [`Secure`], because one TLS session serves both directions.

use super::secure::Secure;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::server::TlsStream;

/// Bytes that TLS takes of an answer before the system has them: one record (RFC 8446 section 5.1),
/// as over a WebSocket (`secure`). rustls alone would take 64 KB for each client that does not read.
const UNSENT: usize = 16 * 1024;

/// A connection that a server can be given: plain, or with its TLS handshake done.
#[derive(Debug)]
pub enum Stream {
    /// Plain TCP.
    Plain(TcpStream),
    /// TLS on TCP; boxed, since it is large and the other is not.
    Secure(Box<TlsStream<TcpStream>>),
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Plain(stream)
    }
}

impl From<TlsStream<TcpStream>> for Stream {
    fn from(mut stream: TlsStream<TcpStream>) -> Self {
        stream.get_mut().1.set_buffer_limit(Some(UNSENT));
        Self::Secure(Box::new(stream))
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
            Self::Secure(stream) => stream.get_ref().0,
        }
    }

    fn inner(self: Pin<&mut Self>) -> Pin<&mut (dyn Both + Send)> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream),
            Self::Secure(stream) => Pin::new(&mut **stream),
        }
    }
}

/// What both kinds can do.
trait Both: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Both for T {}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
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
