//! The server's side of TLS: versions, protocol, and a certificate that can be swapped.
//!
//! It stands between a TCP stream that begins with a TLS record and HTTP. Rules: TLS 1.2 and 1.3
//! (RFC 5246, RFC 8446), `http/1.1` by ALPN (RFC 7301) and nothing else, no certificates of
//! clients. The provider of cryptography is given, so that nothing is set for the whole process.
//!
//! Invariant: the acceptor is the same one for ever; a handshake takes the certificate that is
//! current when it begins. Cost: sessions that can be resumed are in one cache of [`SESSIONS`];
//! nothing is kept for a connection beside what rustls needs for it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::tls::error::TlsError;
use crate::tls::served::Served;

/// Sessions that clients may resume instead of a whole handshake. Each is below 1 KB.
const SESSIONS: usize = 256;

/// What new connections get, and its description; both change together.
pub(super) struct Current(RwLock<(Arc<CertifiedKey>, Arc<Served>)>);

/// Without the key.
impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current").field(&self.served()).finish()
    }
}

impl Current {
    pub(super) fn new(key: Arc<CertifiedKey>, served: Served) -> Self {
        Self(RwLock::new((key, Arc::new(served))))
    }

    pub(super) fn served(&self) -> Arc<Served> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.1)
    }

    /// Swaps; whether it is another certificate.
    pub(super) fn set(&self, key: Arc<CertifiedKey>, served: Served) -> bool {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let other = current.1.fingerprint != served.fingerprint;
        *current = (key, Arc::new(served));
        other
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current.0))
    }
}

/// The acceptor that serves what is current.
pub(super) fn acceptor(current: Arc<Current>) -> Result<TlsAcceptor, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    // One for each connection is enough; more would push those of other clients out of the cache.
    config.send_tls13_tickets = 1;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// ring, which builds for small boards too.
pub(super) fn provider() -> CryptoProvider {
    ring::default_provider()
}
