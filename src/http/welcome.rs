//! The beginning of a connection: TLS or plain HTTP, on the same port.
//!
//! It stands between an accepted socket and [`connection`](super::connection). A TLS connection
//! begins with a handshake record, whose first byte is 22 (RFC 8446 section 5.1), a request with a
//! letter; so one byte tells, and it is looked at without being taken. Each connection waits in a
//! task of its own, has [`PATIENCE`] until its handshake is done, and counts against the limits
//! all the while: one that says nothing holds up nobody.

use crate::transport::{Budget, Secure, ServerConfig, Stream};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// Time for the first byte and the TLS handshake together. Browsers open connections ahead of need
/// and do without one that was closed.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The first byte of a TLS connection: the content type "handshake".
const HANDSHAKE: u8 = 22;

/// What a server's port speaks.
#[derive(Clone)]
pub enum Security {
    /// Plain HTTP.
    Plain,
    /// TLS and plain HTTP.
    Both(Arc<ServerConfig>),
    /// TLS; plain HTTP is sent there.
    Only(Arc<ServerConfig>),
}

/// How to go on with a connection.
pub(super) struct Welcomed {
    pub(super) stream: Stream,
    /// It is plain and should not be.
    pub(super) redirect: bool,
}

impl Security {
    /// Finds out what a connection speaks, and makes its TLS handshake. `budget` counts what it holds.
    ///
    /// # Errors
    /// If it ends, takes too long, or its handshake fails.
    pub(super) async fn welcome(
        &self,
        stream: TcpStream,
        budget: Budget,
        patience: Duration,
    ) -> io::Result<Welcomed> {
        let (config, only) = match self {
            Self::Plain => {
                return Ok(Welcomed {
                    stream: stream.into(),
                    redirect: false,
                });
            }
            Self::Both(config) => (config, false),
            Self::Only(config) => (config, true),
        };
        let begun = async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let secure = first == [HANDSHAKE];
            Ok(Welcomed {
                stream: if secure {
                    Secure::accept(stream, Arc::clone(config), budget)
                        .await?
                        .into()
                } else {
                    stream.into()
                },
                redirect: only && !secure,
            })
        };
        match tokio::time::timeout(patience, begun).await {
            Ok(result) => result,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

#[cfg(feature = "tls")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use rustls::crypto;
    use rustls::server::ResolvesServerCertUsingSni;
    use std::io::Write as _;
    use std::net::Ipv4Addr;
    use tokio::net::TcpListener;

    /// What is found out about a client that sends these bytes and no more.
    fn welcomed(bytes: &[u8], patience: Duration) -> io::Result<Welcomed> {
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions that the provider has")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        let both = Security::Both(Arc::new(config));
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build()?.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
            client.write_all(bytes)?;
            let budget = Budget::new(Arc::default(), &Limits::default());
            both.welcome(listener.accept().await?.0, budget, patience)
                .await
        })
    }

    #[test]
    fn a_letter_is_plain_http() {
        let served = welcomed(b"GET / HTTP/1.1", PATIENCE);
        assert!(served.is_ok_and(|served| !served.stream.is_secure() && !served.redirect));
    }

    #[test]
    fn who_says_nothing_or_half_a_handshake_is_not_waited_for() {
        for bytes in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
            let served = welcomed(bytes, Duration::from_millis(20));
            assert!(
                matches!(&served, Err(error) if error.kind() == io::ErrorKind::TimedOut),
                "{bytes:?}"
            );
        }
    }
}
