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

use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms, ring,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};

use crate::tls::error::TlsError;
use crate::tls::inspect::Facts;
use crate::tls::random;
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

/// What handshakes are made with: it serves what is current.
pub(super) fn acceptor(current: Arc<Current>) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    // One for each connection is enough; more would push those of other clients out of the cache.
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

/// Why a certificate and a key cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The key is of a kind that is not known, or damaged.
    Key,
    /// The certificate is not one that browsers take from servers.
    Certificate,
    /// They do not belong together.
    Pair,
}

/// A chain with its key; `facts` are those of its first certificate.
pub(super) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    facts: &Facts,
) -> Result<CertifiedKey, Unfit> {
    let key = Ring.load_private_key(key).map_err(|_| Unfit::Key)?;
    if !facts.is_usual {
        return Err(Unfit::Certificate);
    }
    let public = key.public_key();
    if public.is_some_and(|public| *public != *facts.public_key) {
        return Err(Unfit::Pair);
    }
    Ok(CertifiedKey::new(chain, key))
}

/// ring, which builds for small boards too, without what would verify signatures: nobody is asked
/// for a certificate, and so the linker leaves those algorithms out.
fn provider() -> CryptoProvider {
    CryptoProvider {
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: &[],
            mapping: &[],
        },
        secure_random: &Ring,
        key_provider: &Ring,
        cipher_suites: ring::DEFAULT_CIPHER_SUITES.to_vec(),
        kx_groups: ring::DEFAULT_KX_GROUPS.to_vec(),
    }
}

/// Random bytes and keys by ring. rustls has the same, but hands it out with the algorithms only.
#[derive(Debug)]
struct Ring;

impl SecureRandom for Ring {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        random::fill(bytes).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        ring::sign::any_supported_type(&key)
    }
}
