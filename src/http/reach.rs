//! How other devices reach this server: what the page, the trust page and the QR codes tell.
//!
//! It comes from the process, which knows the interfaces, the names and the certificate, over a
//! watch channel, because all of them change while the server runs. Invariant: with TLS only
//! what the certificate covers is in it.

use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::watch;

/// What can be opened from other devices now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Base addresses by IP, such as `https://192.168.1.20:4000`, without a slash at the end, the
    /// best one to share first.
    pub addresses: Vec<String>,
    /// The same by name, such as `https://parlor.local:4000`.
    pub names: Vec<String>,
    /// Who vouches for the certificate, unless it is one of the user's own.
    pub authority: Option<Authority>,
}

/// The local authority, for devices that are to trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its certificate in DER (RFC 5280 section 4.1).
    pub der: Bytes,
    /// SHA-256 of that, in hexadecimal pairs with colons.
    pub fingerprint: String,
}

/// The latest [`Reach`].
pub type Reached = watch::Receiver<Arc<Reach>>;

impl Reach {
    /// This one for ever.
    pub fn fixed(self) -> Reached {
        watch::channel(Arc::new(self)).1
    }
}
