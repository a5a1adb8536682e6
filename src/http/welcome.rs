//! The beginning of a connection: TLS or plain HTTP, on the same port.
//!
//! It stands between an accepted socket and [`connection`](super::connection). A TLS connection
//! begins with a handshake record, whose first byte is 22 (RFC 8446 section 5.1), a request with a
//! letter; so one byte tells, and it is looked at without being taken. Each connection waits in a
//! task of its own, has [`PATIENCE`] until its handshake is done, and counts against the limits
//! all the while: one that says nothing holds up nobody.

use crate::transport::Stream;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// Time for the first byte and the TLS handshake together. Browsers open connections ahead of need
/// and do without one that was closed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first byte of a TLS connection: the content type "handshake".
const HANDSHAKE: u8 = 22;

/// What a server's port speaks.
#[derive(Clone)]
pub enum Security {
    /// Plain HTTP.
    Plain,
    /// TLS and plain HTTP.
    Both(TlsAcceptor),
    /// TLS; plain HTTP is sent there.
    Only(TlsAcceptor),
}

/// How to go on with a connection.
pub(super) enum Welcomed {
    /// Serve it.
    Serve(Stream),
    /// It is plain and should not be.
    Redirect(TcpStream),
}

impl Security {
    /// Finds out what a connection speaks, and makes its TLS handshake.
    ///
    /// # Errors
    /// If it ends, takes too long, or its handshake fails.
    pub(super) async fn welcome(&self, stream: TcpStream) -> io::Result<Welcomed> {
        let (acceptor, only) = match self {
            Self::Plain => return Ok(Welcomed::Serve(stream.into())),
            Self::Both(acceptor) => (acceptor, false),
            Self::Only(acceptor) => (acceptor, true),
        };
        let begun = async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match first {
                [HANDSHAKE] => {
                    let stream = acceptor.accept(stream).await?;
                    Ok(Welcomed::Serve(stream.into()))
                }
                _ if only => Ok(Welcomed::Redirect(stream)),
                _ => Ok(Welcomed::Serve(stream.into())),
            }
        };
        within(PATIENCE, begun).await
    }
}

/// Gives a connection's beginning this much time.
async fn within<T>(
    patience: Duration,
    begun: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match tokio::time::timeout(patience, begun).await {
        Ok(result) => result,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
